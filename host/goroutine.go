package host

import (
	"context"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// goroutines is the executor of goroutine mode.
type goroutines struct {
	plain end // of an attempt that succeeded and has no result
}

func (*goroutines) close(bool) {}

func (s *goroutines) prepare(c call) execution {
	g := &goroutine{teller: c.teller, plain: &s.plain}
	g.attempt.Init(c.ctx, g.make)
	return g
}

type goroutine struct {
	teller
	attempt attempt.Attempt
	plain   *end
}

// begin starts the task's goroutine. It ends with the task; the runner waits for
// ended, or abandons it.
func (g *goroutine) begin() {
	g.expect()
	go g.run()
}

func (g *goroutine) run() { g.attempt.Run(g.started, g.end) }

// make is the attempt's Maker.
func (g *goroutine) make(context.Context) (task.Task, error) {
	return g.try.job.kind.Local().New(g.try.job.config)
}

// end makes no copy of what is the same for most: what a goroutine does last must fit
// into its first stack, as what it does first, or each one's is copied into a larger one.
func (g *goroutine) end(e attempt.End) {
	g.inTime()
	if e.Err == nil && e.Result == nil {
		g.try.ended(g.plain)
		return
	}
	g.try.ended(&end{End: e})
}

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
