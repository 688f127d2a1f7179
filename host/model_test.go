package host_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestModel runs random schedules against what must hold in each: see audit. Some
// thousand by default; -rapid.checks=N makes it modelRuns times N.
func TestModel(t *testing.T) {
	for n := range modelRuns {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				p := rapid.Custom(drawPlan).Draw(rt, "plan")
				if problems := runPlan(t, p); len(problems) > 0 {
					rt.Fatal(strings.Join(problems, "\n"))
				}
			})
		})
	}
}

const modelRuns = 30

// runPlan runs a plan in a bubble and returns what was wrong.
func runPlan(t *testing.T, p *plan) (problems []string) {
	synctest.Test(t, func(*testing.T) {
		w, err := newWorld(p)
		if err != nil {
			problems = append(problems, err.Error())
			return
		}
		defer worlds.Delete(w.number)
		problems = w.play()
	})
	return problems
}

// play runs the plan and audits it.
func (w *world) play() []string {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.cancel = cancel
	began := time.Now()
	calls := slices.Clone(w.plan.calls)
	slices.SortStableFunc(calls, func(a, b call) int { return int(a.at - b.at) })
	for _, c := range calls {
		w.calls.Go(func() {
			time.Sleep(c.at)
			w.asks(context.Background(), "", c)
		})
	}
	w.calls.Go(func() {
		time.Sleep(w.plan.horizon)
		w.asks(context.Background(), "", call{at: w.plan.horizon, does: stopRun})
	})
	r := w.run(ctx)
	w.calls.Wait()
	<-w.events.ended
	time.Sleep(2*forever + 10*time.Second) // until the code of who was abandoned has ended too
	synctest.Wait()
	a := &audit{world: w, began: began, seen: w.events.all(), result: r, current: make(map[string]*life)}
	problems := slices.Concat(w.problems, a.run())
	if len(problems) > 0 {
		problems = append(problems, w.events.String(), w.story())
	}
	return problems
}

// result is how the run ended for who ran it.
type result struct {
	run, wait error
	ended     time.Time
}

func (w *world) run(ctx context.Context) (r result) {
	if !w.plan.background {
		r.run = w.runner.Run(ctx)
		r.ended = time.Now()
		return r
	}
	if r.run = w.runner.Start(ctx); r.run == nil {
		r.wait = w.runner.Wait(ctx)
	}
	r.run = joined(r.run, w.runner.Stop(context.Background()))
	r.ended = time.Now()
	return r
}

func joined(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// story is who called what and which Run was entered when.
func (w *world) story() string {
	var b strings.Builder
	for _, c := range w.called {
		fmt.Fprintf(&b, "  %s-%s %q calls %v: %v\n", c.began.Format("05.000"), c.ended.Format("05.000"), c.by, c.call, c.err)
	}
	for _, e := range w.entries {
		fmt.Fprintf(&b, "  %s-%s %s %d ran, restored %d\n", e.entered.Format("05.000"), e.left.Format("05.000"), e.id, e.attempt, e.restored)
	}
	for _, h := range w.runner.Handles() {
		fmt.Fprintf(&b, "  %s is %v: %v (%s)\n", h.ID(), h.State(), h.Err(), h.Cause())
	}
	return b.String()
}
