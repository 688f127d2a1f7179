package main

import (
	"net"
	"os"
	"path/filepath"
	"time"
)

// gate holds tasks in processes back until all have come, so that their launch is no
// part of what is measured. Each dials the gate, and waits until it is opened.
type gate struct {
	dir      string
	path     string
	listener *net.UnixListener
}

// gatePatience is how long tasks may take to come.
const gatePatience = time.Minute

// withGate does something with a gate.
func withGate(do func(*gate) ([]float64, error)) ([]float64, error) {
	g, err := newGate()
	if err != nil {
		return nil, err
	}
	defer g.close()
	return do(g)
}

func newGate() (*gate, error) {
	dir, err := os.MkdirTemp("", "peers-")
	if err != nil {
		return nil, err
	}
	g := &gate{dir: dir, path: filepath.Join(dir, "gate")}
	if g.listener, err = net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: g.path}); err != nil {
		g.close()
		return nil, err
	}
	return g, g.listener.SetDeadline(time.Now().Add(gatePatience))
}

// open lets n tasks go as soon as they have come, and returns when it did.
func (g *gate) open(n int) (began time.Time, err error) {
	waiting := make([]net.Conn, n)
	for i := range waiting {
		if waiting[i], err = g.listener.Accept(); err != nil {
			return began, err
		}
	}
	began = time.Now()
	for _, conn := range waiting {
		_ = conn.Close()
	}
	return began, nil
}

func (g *gate) close() {
	if g.listener != nil {
		_ = g.listener.Close()
	}
	_ = os.RemoveAll(g.dir)
}
