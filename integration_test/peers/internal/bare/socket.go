package bare

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
)

// serveSocket answers on a unix socket, as plainly as can be: each request says how long
// it is itself, and how long the answer is to be.
func serveSocket() error {
	listener, err := net.Listen("unix", os.Getenv(SocketVariable))
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- answer(listener) }() // ends with the listener and the host's connection
	return errors.Join(stay(), listener.Close(), <-served)
}

// answer serves one connection.
func answer(listener net.Listener) error {
	conn, err := listener.Accept()
	if err != nil {
		return nil // nobody came
	}
	defer conn.Close()
	var head [8]byte
	var request, reply []byte
	for {
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return nil // the host is done
		}
		request = grown(request, int(binary.BigEndian.Uint32(head[:4])))
		reply = grown(reply, int(binary.BigEndian.Uint32(head[4:])))
		if _, err := io.ReadFull(conn, request); err != nil {
			return err
		}
		if _, err := conn.Write(reply); err != nil {
			return err
		}
	}
}

// grown is a buffer of n bytes, the same one where that has room.
func grown(buffer []byte, n int) []byte {
	if cap(buffer) < n {
		return make([]byte, n)
	}
	return buffer[:n]
}

// Asker is a host's end of that socket.
type Asker struct {
	Conn net.Conn

	frame, reply []byte
}

// Ask sends so many bytes, and reads as many as it asks for.
func (a *Asker) Ask(request, reply int) error {
	a.frame = grown(a.frame, 8+request)
	binary.BigEndian.PutUint32(a.frame, uint32(request))
	binary.BigEndian.PutUint32(a.frame[4:], uint32(reply))
	if _, err := a.Conn.Write(a.frame); err != nil {
		return err
	}
	a.reply = grown(a.reply, reply)
	_, err := io.ReadFull(a.Conn, a.reply)
	return err
}
