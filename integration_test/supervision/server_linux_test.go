package supervision

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
)

// What a server is told by its environment: it knows nothing of any host.
const (
	gateKey    = "SUPERVISION_GATE"    // the socket at which it waits to be let in
	showKey    = "SUPERVISION_SHOW"    // how it shows that it is up: "tcp", "http", "log" or "exec"
	addressKey = "SUPERVISION_ADDRESS" // where it listens, or the file that it makes
)

// server is a program that takes its time to come up: until someone at its gate says
// so. It says there which process it is.
func server() {
	show, address := os.Getenv(showKey), os.Getenv(addressKey)
	var up atomic.Bool
	if show == "http" {
		serve(address, &up) // it answers before it is up, too
	}
	gate, err := net.Dial("unix", os.Getenv(gateKey))
	if err != nil {
		fail(err)
	}
	fmt.Fprintln(gate, os.Getpid())
	if _, err := bufio.NewReader(gate).ReadByte(); err != nil {
		fail(err)
	}
	up.Store(true)
	switch show {
	case "tcp":
		_, err = net.Listen("tcp", address)
	case "log":
		fmt.Println("listening on", address)
	case "exec":
		err = os.WriteFile(address, nil, 0o600)
	}
	if err != nil {
		fail(err)
	}
	forever()
}

// serve answers that the service is not available, until it is.
func serve(address string, up *atomic.Bool) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fail(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // ends with the process
		if !up.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
