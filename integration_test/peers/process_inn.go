package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strconv"

	"github.com/hostelry-run/hostelry/host"
)

// inn is ours in the process workloads: a runner that runs, and somebody who reads
// its events.
type inn struct {
	*host.Runner

	next func() (host.Event, bool)
	end  func() // of the events
	ids  int
}

// atInn is a side of ours: what measure does under a runner of its own, whose processes
// are the program's.
func (p *program) atInn(measure func(context.Context, *inn) ([]float64, error), opts ...host.Option) measurement {
	return func(ctx context.Context) ([]float64, error) {
		i, err := openInn(ctx, slices.Concat(p.options, opts)...)
		if err != nil {
			return nil, err
		}
		values, err := measure(ctx, i)
		return values, errors.Join(err, i.close())
	}
}

func openInn(ctx context.Context, opts ...host.Option) (*inn, error) {
	runner, err := host.New(append([]host.Option{
		host.WithMode(host.Process), host.WithPolicy(host.LogOnly), host.WithLogger(slog.New(slog.DiscardHandler)),
	}, opts...)...)
	if err != nil {
		return nil, err
	}
	i := &inn{Runner: runner}
	i.next, i.end = iter.Pull(runner.Events(context.WithoutCancel(ctx)))
	if err := runner.Start(ctx); err != nil {
		i.end()
		return nil, err
	}
	return i, nil
}

// close stops what runs, and waits for its end.
func (i *inn) close() error {
	err := i.Stop(context.Background())
	i.end()
	return err
}

// warm launches once: the first launch of a runner starts its keeper, too.
func (i *inn) warm(ctx context.Context, spec host.Spec) error {
	h, err := i.run(spec)
	if err != nil {
		return err
	}
	return h.Stop(ctx)
}

// add adds a task, which begins at once, with an id.
func (i *inn) add(spec host.Spec) (*host.Handle, error) {
	i.ids++
	spec.ID = strconv.Itoa(i.ids)
	return i.Add(spec)
}

// run adds a task, and returns when it runs.
func (i *inn) run(spec host.Spec) (*host.Handle, error) {
	h, err := i.add(spec)
	if err == nil {
		err = i.running(1)
	}
	return h, err
}

// park adds so many tasks that run until they are stopped, and returns when they do.
func (i *inn) park(n int) error {
	if _, err := i.addAll(n, host.Spec{Kind: "park"}); err != nil {
		return err
	}
	return i.running(n)
}

// running reads events until n tasks more run.
func (i *inn) running(n int) error { return i.await(n, host.StateRunning) }

// await reads events until n tasks more have come to a state.
func (i *inn) await(n int, s host.State) error {
	return i.read(n, func(e host.Event) bool { return e.Type == host.EventState && e.State == s })
}

// read reads events until n more match.
func (i *inn) read(n int, match func(host.Event) bool) error {
	for n > 0 {
		e, ok := i.next()
		switch {
		case !ok:
			return errors.New("the run has ended too early")
		case e.Err != nil:
			return e.Err
		case match(e):
			n--
		}
	}
	return nil
}

// addAll adds n tasks.
func (i *inn) addAll(n int, spec host.Spec) (_ []*host.Handle, err error) {
	handles := make([]*host.Handle, n)
	for k := range handles {
		if handles[k], err = i.add(spec); err != nil {
			return nil, err
		}
	}
	return handles, nil
}

// succeeded waits for a task's end, and wants a success.
func succeeded(ctx context.Context, h *host.Handle) error {
	select {
	case <-h.Done():
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s := h.State(); s != host.StateSucceeded {
		return fmt.Errorf("task %s has %v: %w", h.ID(), s, h.Err())
	}
	return nil
}
