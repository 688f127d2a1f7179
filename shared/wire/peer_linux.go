package wire

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// PeerKnown says that this system tells who is at the other end of a unix socket.
const PeerKnown = true

// PeerOf asks the system which process is at the other end of conn, a connection
// over a unix socket, and which user that runs as: who connected, or to the one
// who connected, who listens. Neither can be forged. Both sides of the process
// boundary call it once for each connection, before they say anything.
func PeerOf(conn net.Conn) (pid, uid int, err error) {
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, 0, fmt.Errorf("a %T is no unix socket", conn)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err == nil {
		err = credErr
	}
	if err != nil {
		return 0, 0, fmt.Errorf("who is at the other end of the socket: %w", err)
	}
	return int(cred.Pid), int(cred.Uid), nil
}
