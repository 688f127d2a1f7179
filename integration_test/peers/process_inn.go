package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
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

func openInn(ctx context.Context, opts ...host.Option) (*inn, error) {
	runner, err := host.New(append([]host.Option{
		host.WithKinds(errands()...), host.WithMode(host.Process), host.WithPolicy(host.LogOnly),
		host.WithLogger(slog.New(slog.DiscardHandler)),
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

// warm launches once: the first launch of a runner starts its keeper, too.
func (i *inn) warm(ctx context.Context) error {
	h, err := i.add("park", errand{})
	if err != nil {
		return err
	}
	return errors.Join(i.running(1), h.Stop(ctx))
}

// add adds a task, which begins at once.
func (i *inn) add(kind string, e errand) (*host.Handle, error) {
	return i.admit(host.Spec{Kind: kind, Config: e})
}

// admit is add for a Spec that says more. It gives it an id.
func (i *inn) admit(spec host.Spec) (*host.Handle, error) {
	i.ids++
	spec.ID = strconv.Itoa(i.ids)
	return i.Add(spec)
}

// running reads events until n tasks more run.
func (i *inn) running(n int) error {
	return i.await(n, func(e host.Event) bool { return e.Type == host.EventState && e.State == host.StateRunning })
}

// await reads events until n more match.
func (i *inn) await(n int, match func(host.Event) bool) error {
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

// close stops what runs, and waits for its end.
func (i *inn) close() error {
	err := i.Stop(context.Background())
	i.end()
	return err
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
