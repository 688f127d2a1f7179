package host

import (
	"context"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// goroutines is the executor of goroutine mode.
type goroutines struct{}

func (goroutines) close(bool) {}

func (goroutines) prepare(c call) execution {
	g := &goroutine{teller: c.teller}
	g.attempt.Init(c.ctx)
	return g
}

// goroutine is an attempt on a goroutine, and its own attempt.Owner.
type goroutine struct {
	teller
	attempt attempt.Attempt
}

// begin starts the task's goroutine. It ends with the task; the runner waits for
// ended, or abandons it.
func (g *goroutine) begin() {
	g.expectLocked()
	go g.attempt.RunFor(g)
}

func (g *goroutine) Make(context.Context) (task.Task, error) {
	return g.try.job.kind.New(g.try.job.config)
}

func (g *goroutine) Started() { g.started() }

func (g *goroutine) Ended(e *attempt.End) { g.try.ended(g.try.runner.ends.of(e)) }

func (g *goroutine) stop(ctx context.Context, cause error) {
	if !g.attempt.HasStopper() {
		g.attempt.Stop(ctx, cause)
		return
	}
	go g.attempt.Stop(ctx, cause) // ends with the task's Stop, for which the attempt waits
}

func (g *goroutine) insist() bool                      { return false }
func (g *goroutine) ping(context.Context) string       { return "" }
func (g *goroutine) runs(t attempt.Trace) bool         { return t.Runs(&g.attempt) }
func (g *goroutine) await(_ context.Context, f func()) { f() }
