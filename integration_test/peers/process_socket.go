package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
)

// serveSocket is the role of a process that answers on a unix socket, as plainly as
// can be: each request says how long it is itself, and how long the answer is to be.
func serveSocket() error {
	listener, err := net.Listen("unix", os.Getenv(socketVariable))
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

// socketHost is the host's side of it.
type socketHost struct {
	dir     string
	process *bareProcess
	conn    net.Conn
	frame   []byte
	reply   []byte
}

func startSocketHost(ctx context.Context) (_ *socketHost, err error) {
	h := &socketHost{}
	defer func() {
		if err != nil {
			_ = h.close()
		}
	}()
	if h.dir, err = os.MkdirTemp("", "peers-"); err != nil {
		return nil, err
	}
	socket := filepath.Join(h.dir, "socket")
	if h.process, err = startBare("socket", socketVariable+"="+socket); err != nil {
		return nil, err
	}
	var d net.Dialer
	h.conn, err = d.DialContext(ctx, "unix", socket)
	return h, err
}

// ask sends so many bytes, and reads as many as it asks for.
func (h *socketHost) ask(request, reply int) error {
	h.frame = grown(h.frame, 8+request)
	binary.BigEndian.PutUint32(h.frame, uint32(request))
	binary.BigEndian.PutUint32(h.frame[4:], uint32(reply))
	if _, err := h.conn.Write(h.frame); err != nil {
		return err
	}
	h.reply = grown(h.reply, reply)
	_, err := io.ReadFull(h.conn, h.reply)
	return err
}

func (h *socketHost) close() error {
	var errs []error
	if h.conn != nil {
		errs = append(errs, h.conn.Close())
	}
	if h.process != nil {
		errs = append(errs, h.process.close())
	}
	return errors.Join(append(errs, os.RemoveAll(h.dir))...)
}
