//go:build unix

package readiness_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/hostelry-run/hostelry/host/internal/readiness"
)

// reserve takes a port that refuses connections, and that nobody else can take,
// until open is called.
func reserve(t *testing.T) (addr string, open func()) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port), func() {
		if err := syscall.Listen(fd, 8); err != nil {
			t.Error(err)
		}
	}
}

func TestTCPPassesAtLast(t *testing.T) {
	addr, open := reserve(t)
	awaitFrom(t, readiness.Check{TCP: addr}, open)
}

func TestRefusedConnection(t *testing.T) {
	addr, _ := reserve(t)
	awaitInVain(t, readiness.Check{TCP: addr}, "is over (last try: tcp "+addr+": connection refused)")
	url := "http://" + addr + "/"
	awaitInVain(t, readiness.Check{HTTP: url}, "is over (last try: http "+url+": connection refused)")
}
