package attach_test

import (
	"fmt"
	"net"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests. With an argument that names a socket, this binary
// listens there instead, until it is killed.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "listen" {
		listen(os.Args[2])
	}
	goleak.VerifyTestMain(m)
}

func listen(path string) {
	listener, err := net.Listen("unix", path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	_ = os.Chmod(path, 0o777)
	fmt.Println("up")
	for {
		if _, err := listener.Accept(); err != nil {
			os.Exit(1)
		}
	}
}
