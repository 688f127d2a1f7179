package host_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

func TestResultComesBackTyped(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		want := config{Text: "ÄÖÜ \x00 < & >", For: math.MaxInt64, N: -7}
		h := g.add("succeed", want)
		big := g.add("big", config{N: 5 << 20}) // more than gRPC takes by default
		nothing := g.add("nothing", config{})
		if err := g.Run(t.Context()); err != nil {
			t.Fatalf("Run: %v", err)
		}
		if got, err := host.Result[config](t.Context(), h); got != want || err != nil {
			t.Errorf("the result is %+v, %v; want %+v", got, err, want)
		}
		if got, err := host.Result[string](t.Context(), big); len(got) != 5<<20 || err != nil {
			t.Errorf("the big result has %d bytes, %v", len(got), err)
		}
		if got, err := host.Result[*config](t.Context(), nothing); got != nil || err != nil || nothing.Result() != nil {
			t.Errorf("no result is %v, %v, as JSON %s", got, err, nothing.Result())
		}
		if _, err := host.Result[int](t.Context(), h); !errors.Is(err, task.ErrBadResult) || !strings.Contains(err.Error(), h.ID()) {
			t.Errorf("the result as another type: %v, want ErrBadResult that names the task", err)
		}
	})
}

func TestResultIsKeptAfterAStopAndBesideAFailure(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		stopped, failed := g.add("late-result", config{Text: "so far"}), g.add("fail-with-result", config{Text: "half"})
		g.start()
		g.awaitReady(stopped)
		if got, err := host.Result[config](t.Context(), failed); got.Text != "half" || err != failed.Err() {
			t.Errorf("of the failed task: %v, %v; want its result and its error", got, err)
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if got, err := host.Result[config](t.Context(), stopped); got.Text != "so far" || err != nil {
			t.Errorf("of the stopped task: %v, %v", got, err)
		}
		wantStates(t, host.StateStopped, stopped)
		wantStates(t, host.StateFailed, failed)
	})
}

func TestResultOfATaskThatHasNone(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("wait", config{})
		why := errors.New("cannot wait")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		if _, err := host.Result[int](ctx, h); !errors.Is(err, why) {
			t.Errorf("before the end: %v, want the context's cause", err)
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if got, err := host.Result[int](t.Context(), h); got != 0 || err != nil {
			t.Errorf("of a task that never started: %v, %v", got, err)
		}
	})
}

func TestUndecodableResultFailsThatTaskAlone(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		good := g.add("wait", config{})
		bad := []*host.Handle{g.add("chan", config{}), g.add("nan", config{})}
		worse := g.add("bad-json", config{})
		g.start()
		g.awaitReady(good)
		for _, h := range append(bad, worse) {
			<-h.Done()
		}
		wantStates(t, host.StateFailed, append(bad, worse)...)
		wantStates(t, host.StateRunning, good)
		for _, h := range bad {
			if err := taskError(t, h); err.Outcome != host.OutcomeError || !errors.Is(err, task.ErrBadResult) || h.Result() != nil {
				t.Errorf("%s has outcome %s, %v and result %s", h.ID(), err.Outcome, err, h.Result())
			}
		}
		if err := taskError(t, worse); err.Outcome != host.OutcomePanic || !strings.Contains(err.Error(), "MarshalJSON panics") {
			t.Errorf("outcome %s: %v", err.Outcome, err)
		}
	})
}

func TestUndecodableErrorFailsThatTaskAlone(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		good, rude, ruder := g.add("wait", config{}), g.add("rude-error", config{}), g.add("rude-is", config{})
		g.start()
		g.awaitReady(good)
		<-rude.Done()
		<-ruder.Done()
		wantStates(t, host.StateFailed, rude, ruder)
		wantStates(t, host.StateRunning, good)
		if text := fmt.Sprint(rude.Err()); !strings.Contains(text, "Error panics") {
			t.Errorf("its error reads %q", text)
		}
		if err := taskError(t, ruder); err.Outcome != host.OutcomePanic || !strings.Contains(err.Error(), "Is panics") {
			t.Errorf("outcome %s: %v", err.Outcome, err)
		}
		if !slices.Equal(g.Failed(), []*host.Handle{rude, ruder}) && !slices.Equal(g.Failed(), []*host.Handle{ruder, rude}) {
			t.Errorf("failed are %v", g.Failed())
		}
	})
}
