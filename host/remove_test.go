package host_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// doing is a kind of this process whose tasks are f.
func doing(name string, f func(ctx context.Context) error) host.Option {
	return host.WithKinds(task.NewKind(name, func(config) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) { return nil, f(ctx) }), nil
	}))
}

// eachCaller runs a test in the modes in which a task can call its runner, and for
// each ctx that it may call it with.
func eachCaller(t *testing.T, f func(t *testing.T, m host.Mode, choose func(context.Context) context.Context)) {
	t.Helper()
	for name, choose := range contexts {
		for _, m := range inProcessModes {
			t.Run(name+" "+m.String(), func(t *testing.T) {
				inBubble(t, func(t *testing.T) { f(t, m, choose) })
			})
		}
	}
}

// TestATaskMayRemoveItself: its id is free when it has ended.
func TestATaskMayRemoveItself(t *testing.T) {
	eachCaller(t, func(t *testing.T, m host.Mode, choose func(context.Context) context.Context) {
		var g *rig
		g = newRig(t, m, doing("leaves", func(ctx context.Context) error {
			if err := g.Remove(choose(ctx), "leaves"); err != nil {
				return err
			}
			if _, err := g.Add(g.spec("leaves", config{})); !errors.Is(err, host.ErrDuplicateID) {
				t.Errorf("another of its id, while it runs: %v", err)
			}
			return nil
		}))
		other := g.add("wait", config{})
		first := g.add("leaves", config{})
		g.start()
		<-first.Done()
		wantStates(t, host.StateStopped, first)
		if got := ids(g.Handles()); !slices.Equal(got, []string{"wait"}) {
			t.Errorf("tasks %q", got)
		}
		again := g.add("leaves", config{})
		<-again.Done()
		wantStates(t, host.StateStopped, again)
		synctest.Wait()
		wantStates(t, host.StateRunning, other)
	})
}

// TestATaskMayRemoveAnother, which can stop meanwhile although both share a loop.
func TestATaskMayRemoveAnother(t *testing.T) {
	eachCaller(t, func(t *testing.T, m host.Mode, choose func(context.Context) context.Context) {
		var g *rig
		g = newRig(t, m, doing("removes", func(ctx context.Context) error { return g.Remove(choose(ctx), "slow-stop") }))
		other := g.add("slow-stop", config{For: time.Second})
		remover := g.with("removes", config{}, needs("slow-stop", host.NeedReady))
		began := time.Now()
		g.start()
		<-remover.Done()
		wantTook(t, m, began, time.Second, busy)
		wantStates(t, host.StateStopped, other)
		wantStates(t, host.StateSucceeded, remover)
	})
}

// TestComingAndGoingDoesNotGrow: of a task that was removed nothing is kept.
func TestComingAndGoingDoesNotGrow(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newQuiet(t)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantNoGrowth(t, func(n int) {
			for range n {
				comeAndGo(t, r)
			}
			time.Sleep(10 * time.Second)
		})
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func comeAndGo(t *testing.T, r *host.Runner) {
	t.Helper()
	name := "t" + time.Now().Format("150405.000000")
	for _, s := range []host.Spec{
		{ID: name, Kind: "wait"},
		{ID: name + "-app", Kind: "wait", Needs: map[string]host.Need{name: host.NeedReady}},
	} {
		if _, err := r.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{name + "-app", name} {
		if err := r.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Millisecond)
}

// TestRemoveMany: thousands of tasks that need one are removed, in any order.
func TestRemoveMany(t *testing.T) {
	const tasks = 20_000
	r := startEmpty(t, benchmarked(t))
	all := names(tasks)
	for i, id := range all {
		spec := host.Spec{ID: id, Kind: "no-op"}
		if i > 0 {
			spec.Needs = map[string]host.Need{all[0]: host.NeedStarted}
		}
		if _, err := r.Add(spec); err != nil {
			t.Fatal(err)
		}
	}
	for i := range all {
		id := all[i*7919%tasks] // a prime: each once
		if err := r.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if i%1000 == 0 {
			want := tasks - i - 1
			if left := r.Handles(); len(left) != want {
				t.Fatalf("%d tasks are left, want %d", len(left), want)
			}
		}
	}
	if left := r.Handles(); len(left) > 0 {
		t.Errorf("%d tasks are left", len(left))
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
