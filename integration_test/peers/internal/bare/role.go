// Package bare is both ends of what the process workloads compare ours with: gRPC streams
// and a unix socket with nothing around them, and go-plugin.
package bare

import (
	"fmt"
	"io"
	"os"
)

const (
	// RoleVariable names the role that a process has, in its environment.
	RoleVariable = "HOSTELRY_PEERS_ROLE"
	// SocketVariable names the socket on which it serves, if it does.
	SocketVariable = "HOSTELRY_PEERS_SOCKET"
)

// The roles.
const (
	Exit     = "exit"      // ends at once
	Stay     = "stay"      // ends with its stdin, or by a signal
	GRPC     = "grpc"      // serves bare gRPC streams as long as that
	Socket   = "socket"    // answers on a unix socket as long as that
	GoPlugin = "go-plugin" // is a plugin
)

// Play plays the role that this process has, and exits. If it has none, Play returns at
// once. Programs that are started in roles call it first in main.
func Play() {
	role, ok := map[string]func() error{
		Exit: func() error { return nil }, Stay: stay, GRPC: serveGRPC, Socket: serveSocket, GoPlugin: serveGoPlugin,
	}[os.Getenv(RoleVariable)]
	if !ok {
		return
	}
	if err := role(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// stay says that the process is up.
func stay() error {
	if _, err := os.Stdout.WriteString("u"); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
