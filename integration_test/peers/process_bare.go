package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// bareProcess is this program in a role, with nothing around it but two pipes.
type bareProcess struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser // whose end is the process's
	stdout io.ReadCloser  // on which it says that it is up
}

// startBare starts a process and waits until it is up.
func startBare(role string, env ...string) (*bareProcess, error) {
	cmd, err := again(context.Background(), role, env...) // no context, for which a goroutine would wait
	if err != nil {
		return nil, err
	}
	p := &bareProcess{cmd: cmd}
	if p.stdin, err = cmd.StdinPipe(); err == nil {
		p.stdout, err = cmd.StdoutPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(p.stdout, make([]byte, 1)); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// close has the process end by itself, and reaps it.
func (p *bareProcess) close() error {
	_ = p.stdin.Close()
	return p.cmd.Wait()
}

// signal asks the process to end.
func (p *bareProcess) signal() error { return p.cmd.Process.Signal(syscall.SIGTERM) }

// reap waits for the end of a process that was asked to.
func (p *bareProcess) reap() error {
	err := p.cmd.Wait()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGTERM {
		return nil
	}
	return err
}

// stay is the role of a process that says that it is up, and stays until its stdin
// ends or a signal comes.
func stay() error {
	if _, err := os.Stdout.WriteString("u"); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// socketVariable names the socket on which a bare process serves.
const socketVariable = "HOSTELRY_PEERS_SOCKET"

// bareHost is the host's side of a process that serves bare gRPC streams.
type bareHost struct {
	bareCaller

	dir     string
	process *bareProcess
	conn    *grpc.ClientConn
}

func startBareHost() (_ *bareHost, err error) {
	h := &bareHost{}
	defer func() {
		if err != nil {
			_ = h.close()
		}
	}()
	if h.dir, err = os.MkdirTemp("", "peers-"); err != nil {
		return nil, err
	}
	socket := filepath.Join(h.dir, "socket")
	if h.process, err = startBare("grpc", socketVariable+"="+socket); err != nil {
		return nil, err
	}
	h.conn, err = grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxBare), grpc.MaxCallSendMsgSize(maxBare)))
	if err != nil {
		return nil, err
	}
	h.bareCaller, err = newBareCaller(h.conn)
	return h, err
}

func (h *bareHost) close() error {
	var errs []error
	if h.conn != nil {
		errs = append(errs, h.conn.Close())
	}
	if h.process != nil {
		errs = append(errs, h.process.close())
	}
	return errors.Join(append(errs, os.RemoveAll(h.dir))...)
}
