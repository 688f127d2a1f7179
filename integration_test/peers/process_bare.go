package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
)

// bareProcess is a program in a role, with nothing around it but two pipes, and a
// directory where it may serve on a socket.
type bareProcess struct {
	dir    string // "" if it serves nothing
	cmd    *exec.Cmd
	stdin  io.WriteCloser // whose end is the process's
	stdout io.ReadCloser  // on which it says that it is up
}

// start starts a process, and waits until it is up.
func (p *program) start(role string, env ...string) (*bareProcess, error) {
	b := &bareProcess{cmd: p.as(role, env...)}
	var err error
	if b.stdin, err = b.cmd.StdinPipe(); err == nil {
		b.stdout, err = b.cmd.StdoutPipe()
	}
	if err == nil {
		err = b.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(b.stdout, make([]byte, 1)); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// serve starts a process that serves on the socket in its directory.
func (p *program) serve(role string) (*bareProcess, error) {
	dir, err := os.MkdirTemp("", "peers-")
	if err != nil {
		return nil, err
	}
	b, err := p.start(role, bare.SocketVariable+"="+socketIn(dir))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	b.dir = dir
	return b, nil
}

func socketIn(dir string) string { return filepath.Join(dir, "socket") }

// close has the process end by itself, and reaps it.
func (b *bareProcess) close() error {
	_ = b.stdin.Close()
	err := b.cmd.Wait()
	if b.dir != "" {
		err = errors.Join(err, os.RemoveAll(b.dir))
	}
	return err
}

// signal asks the process to end.
func (b *bareProcess) signal() error { return b.cmd.Process.Signal(syscall.SIGTERM) }

// reap waits for the end of a process that was asked to.
func (b *bareProcess) reap() error {
	err := b.cmd.Wait()
	if status, ok := b.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGTERM {
		return nil
	}
	return err
}

// bareHost is the host's side of a process that serves bare gRPC streams.
type bareHost struct {
	bare.Caller

	process *bareProcess
	conn    *grpc.ClientConn
}

// atBare is a side of so many processes that serve bare gRPC streams.
func (p *program) atBare(n int, measure func(context.Context, []*bareHost) ([]float64, error)) measurement {
	return func(ctx context.Context) ([]float64, error) {
		hosts, err := atOnce(n, p.startBareHost)
		var values []float64
		if err == nil {
			values, err = measure(ctx, hosts)
		}
		for _, h := range hosts {
			err = errors.Join(err, h.close())
		}
		return values, err
	}
}

func (p *program) startBareHost() (*bareHost, error) {
	process, err := p.serve(bare.GRPC)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient("unix:"+socketIn(process.dir), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(bare.MaxMessage), grpc.MaxCallSendMsgSize(bare.MaxMessage)))
	if err != nil {
		return nil, errors.Join(err, process.close())
	}
	h := &bareHost{process: process, conn: conn}
	if h.Caller, err = bare.NewCaller(conn); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *bareHost) close() error { return errors.Join(h.conn.Close(), h.process.close()) }

// atSocket is a side of a process that answers on a unix socket.
func (p *program) atSocket(measure func(*bare.Asker) ([]float64, error)) measurement {
	return func(ctx context.Context) ([]float64, error) {
		process, err := p.serve(bare.Socket)
		if err != nil {
			return nil, err
		}
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", socketIn(process.dir))
		if err != nil {
			return nil, errors.Join(err, process.close())
		}
		values, err := measure(&bare.Asker{Conn: conn})
		return values, errors.Join(err, conn.Close(), process.close())
	}
}
