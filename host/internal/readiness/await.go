package readiness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"time"
)

const (
	// firstPause is the time between the first two tries. Each pause is twice the
	// one before, up to maxPause: a task that is up at once is seen at once, and
	// one that takes minutes is asked once a second.
	firstPause = 50 * time.Millisecond
	maxPause   = time.Second

	// tryLimit is how long one try may take.
	tryLimit = 2 * time.Second
)

var (
	errSlow  = fmt.Errorf("no answer within %v", tryLimit)
	errNoTry = errors.New("no answer yet")
)

// Await blocks until the check passes, and returns nil, or until ctx ends. Its
// error then holds context.Cause(ctx) and why the last whole try failed:
//
//	start timeout of 30s is over (last try: tcp 127.0.0.1:5432: connection refused)
//
// It tries at once, again after 50 ms, and then with pauses that double up to 1 s.
// One try takes 2 s at most. An error of a try is never final, also where a
// command is not found: what is missing may be about to be installed.
//
// What it opens and starts is closed and killed when it returns. Await for a log
// line and for task.Ready cannot see either, and blocks until ctx ends.
func (c Check) Await(ctx context.Context) error {
	var try func(context.Context) error
	switch {
	case c.TCP != "":
		try = c.tryTCP
	case c.HTTP != "":
		try = c.tryHTTP
	case len(c.Exec) > 0:
		try = c.tryExec
	default:
		<-ctx.Done()
		return fmt.Errorf("%w (waiting for %v)", context.Cause(ctx), c)
	}
	if err := poll(ctx, try); err != nil {
		return fmt.Errorf("%w (last try: %v: %w)", context.Cause(ctx), c, bare(err))
	}
	return nil
}

// poll tries until a try passes, and returns nil, or until ctx ends, and returns
// the error of the last try that ctx did not interrupt.
func poll(ctx context.Context, try func(context.Context) error) error {
	last := errNoTry
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, maxPause) {
		err := once(ctx, try)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	return last
}

// once is one try. One that fails because its time is over, or because ctx has
// ended, says so.
func once(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, tryLimit, errSlow)
	defer cancel()
	err := try(ctx)
	if deadline, _ := ctx.Deadline(); err == nil || ctx.Err() == nil && time.Now().Before(deadline) {
		return err
	}
	<-ctx.Done() // a dial keeps the deadline by itself, a moment before ctx
	return context.Cause(ctx)
}

// bare strips from err what the check's String says already: what was done, and
// to what address or file.
func bare(err error) error {
	for {
		switch e := err.(type) { //nolint:errorlint // only what is outermost
		case *net.OpError:
			err = e.Err
		case *os.SyscallError:
			err = e.Err
		case *exec.Error:
			err = e.Err
		case *fs.PathError:
			err = e.Err
		default:
			return err
		}
	}
}
