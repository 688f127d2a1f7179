package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hostelry-run/hostelry/host/internal/attach"
	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// attached is an attempt in a plugin process that somebody else started: it is
// dialled instead of launched, and can be hung up on but not killed. Each attempt
// has a connection of its own.
type attached struct {
	call
	attempt *attempt.Attempt
	late    bool // it did not start in time; the attempt's goroutine's

	mu    sync.Mutex
	conn  *attach.Conn // nil until it was dialled
	asked bool         // to stop
	left  bool         // hung up on, as it did not
}

// begin starts the attempt's goroutine. It ends with the task, or with the
// connection: soon after the runner has abandoned the attempt.
func (e *attached) begin() { go e.attempt.Run(e.started, e.end) }

// dial is the attempt's Maker: it connects to the plugin and starts the task there.
func (e *attached) dial(ctx context.Context) (task.Task, error) {
	timeout := cmp.Or(e.job.startTimeout, e.config.startTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, startTimeoutError(timeout))
	defer cancel()
	conn, err := attach.Dial(ctx, e.job.kind.Address())
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, task.ErrStopped) {
			return nil, cause
		}
		return nil, e.describe(err)
	}
	if !e.adopt(conn) {
		return nil, task.ErrStopped
	}
	remote, err := conn.Client().Start(ctx, e.config.runID, e.job.kind.Name, e.job.config)
	if err != nil {
		if e.late = errors.Is(ctx.Err(), context.DeadlineExceeded); e.late {
			err = fmt.Errorf("%w: %w", err, context.Cause(ctx))
		}
		return nil, e.describe(err)
	}
	return remote, nil
}

// describe says whose error it is.
func (e *attached) describe(err error) error {
	return fmt.Errorf("plugin %q, attached at %s: %w", e.job.kind.Plugin, e.job.kind.Address(), err)
}

// adopt makes the connection known to insist. It reports false if that came first.
func (e *attached) adopt(conn *attach.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conn = conn
	return !e.left
}

func (e *attached) stop(ctx context.Context, cause error) {
	e.mu.Lock()
	e.asked = true
	e.mu.Unlock()
	go e.attempt.Stop(ctx, cause) // ends once the request is sent or the attempt has ended
}

// insist hangs up on a task that was asked to stop and did not: that is all that
// can be done, and nobody will tell how it ends.
func (e *attached) insist() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.asked {
		e.left = true
		if e.conn != nil {
			e.conn.Close()
		}
	}
	return false
}

func (e *attached) ping(ctx context.Context) string {
	e.mu.Lock()
	conn := e.conn
	e.mu.Unlock()
	if conn == nil {
		return ""
	}
	return pong(answers(ctx, conn.Client()))
}

func (e *attached) runs(attempt.Trace) bool           { return false }
func (e *attached) await(_ context.Context, f func()) { f() }

// end hangs up and reports how the attempt ended, unless that is not known.
func (e *attached) end(attempted attempt.End) {
	e.mu.Lock()
	conn, left := e.conn, e.left
	e.mu.Unlock()
	if conn != nil {
		conn.Close()
	}
	ended := end{End: attempted}
	if errors.Is(attempted.Err, wire.ErrLost) && !e.late {
		if left {
			return // the runner has abandoned it
		}
		ended.process = &processEnd{outcome: OutcomeLost, exitCode: -1}
		if attempted.Started {
			ended.Err = e.describe(attempted.Err)
			ended.Text = ended.Err.Error()
		}
	}
	e.ended(ended)
}
