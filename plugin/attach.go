package plugin

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

const (
	attachDir    = "hostelry-attach-" // begins the name of the directory of a socket
	attachSocket = "socket"           // in it
)

// serve serves hosts that somebody else starts.
func (c *command) serve(args []string) int {
	flags := newFlags("serve --attach")
	attach := flags.Bool("attach", false, "make a socket that hostelry run --attach takes, and serve any number of hosts until Ctrl-C")
	words, status, ok := c.parse(flags, args)
	switch {
	case !ok:
		return status
	case len(words) > 0:
		return c.refuse(fmt.Errorf("unexpected argument %q: see serve --help", words[0]))
	case !*attach:
		return c.refuse(errors.New("say serve --attach: a host that starts the plugin itself needs no command"))
	}
	if err := c.attach(); err != nil {
		return c.fail(err)
	}
	return exitOK
}

// attach serves until a signal comes, which stops the tasks; a second one ends the
// process. It leaves nothing in the file system.
func (c *command) attach() error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	listener, dir, err := listenPrivately()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tasks := wire.NewServer(c.description, c.kinds, nil)
	server := newServer(tasks)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends with server.Stop
	c.announce(listener.Addr().String())
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-signals:
	}
	tasks.Close(task.ErrStopped)
	go fmt.Fprintln(c.errOut, "stopping; a second signal ends the process") // ends when stderr takes the line
	select {
	case <-tasks.Idle():
	case s := <-signals:
		_ = os.RemoveAll(dir)
		quit(s)
	}
	stop(server, tasks)
	return nil
}

// announce tells the person what to tell a host: on stdout that alone, for programs.
func (c *command) announce(path string) {
	d := c.description
	dir, err := os.Getwd()
	if err != nil {
		dir = "a folder that is gone"
	}
	fmt.Fprintf(c.errOut, "%s %s serves hosts until Ctrl-C; its tasks work in %s. In another terminal:\n", d.Name, d.Version, dir)
	fmt.Fprintf(c.out, "hostelry run --attach %s JOB.yaml\n", shellWord(d.Name+"="+wire.AttachScheme+path))
}

// listenPrivately makes a socket in a directory of its own that only this user can
// enter: where temporary files go, unless the path is too long for a socket. On
// Linux the system also says who connects; elsewhere the directory is the guard.
func listenPrivately() (listener net.Listener, dir string, err error) {
	var failures []error
	for _, base := range []string{os.TempDir(), os.Getenv("XDG_RUNTIME_DIR"), "/tmp"} {
		if base == "" {
			continue
		}
		if listener, dir, err = listenIn(base); err == nil {
			return listener, dir, nil
		}
		failures = append(failures, err)
	}
	return nil, "", errors.Join(append(failures, errors.New(
		"no directory for the socket: set TMPDIR to one that exists and has a short path"))...)
}

func listenIn(base string) (net.Listener, string, error) {
	base, err := filepath.Abs(base)
	if err != nil {
		return nil, "", err
	}
	sweep(base)
	dir, err := os.MkdirTemp(base, attachDir) // 0700
	if err != nil {
		return nil, "", err
	}
	listener, err := net.Listen("unix", filepath.Join(dir, attachSocket))
	if err != nil {
		return nil, "", errors.Join(err, os.Remove(dir)) //nolint:gosec // where temporary files go is the environment's to say
	}
	if wire.PeerKnown {
		listener = &guardedListener{Listener: listener}
	}
	return listener, dir, nil
}

// sweep removes what plugins left behind that were killed, as debuggers do when one
// leaves them: directories in which nobody listens any more. A young one may be about
// to, and other users' are not to be entered.
func sweep(base string) {
	dirs, _ := filepath.Glob(filepath.Join(base, attachDir+"*")) // a base that is no pattern has none
	for _, dir := range dirs {
		socket := filepath.Join(dir, attachSocket)
		info, err := os.Lstat(socket) //nolint:gosec // where temporary files go is the environment's to say
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		conn, err := net.Dial("unix", socket) //nolint:gosec,noctx // likewise; a local socket answers at once
		switch {
		case err == nil:
			_ = conn.Close()
		case errors.Is(err, syscall.ECONNREFUSED):
			_ = os.RemoveAll(dir) //nolint:gosec // likewise
		}
	}
}

// shellWord quotes what a shell would not take for one word.
func shellWord(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=:/.,+@%"
	if strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
