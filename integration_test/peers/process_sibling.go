package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// echoes is how many answers a task waits for, one after another.
const echoes = 2_000

// processSibling has a task wait for answers of its host while another plugin, whose
// messages the same host takes, reports progress as fast as it can. With two cores
// three processes then want one: what the bare streams show is the machine's part.
func processSibling(p *program) workload {
	return workload{
		name: "process-sibling", title: "a checkpoint and its answer, from the task",
		quantities: []quantity{
			{name: "alone", unit: seconds},
			{name: "beside a plugin that floods the host", unit: seconds},
			{name: "the second divided by the first", unit: pieces, targets: []target{{atMost: 2}}},
		},
		sides: []side{
			{name: "process mode", run: p.siblingOurs(echoes)},
			{name: bareGRPC, limit: true, run: p.siblingBare(echoes)},
		},
	}
}

// compared are the medians of both, and how they compare.
func compared(alone, beside []time.Duration, wanted int) ([]float64, error) {
	if len(alone) != wanted || len(beside) != wanted {
		return nil, errors.New("not all answers were measured")
	}
	slices.Sort(alone)
	slices.Sort(beside)
	a, b := alone[wanted/2].Seconds(), beside[wanted/2].Seconds()
	return []float64{a, b, b / a}, nil
}

func (p *program) siblingOurs(n int) measurement {
	return p.atInn(func(ctx context.Context, i *inn) ([]float64, error) {
		alone, err := i.echo(ctx, n)
		if err != nil {
			return nil, err
		}
		flood, err := i.add(host.Spec{Kind: "flood"})
		if err != nil {
			return nil, err
		}
		reported := func(e host.Event) bool { return e.Task == flood.ID() && e.Progress.Done > 0 }
		if err := i.read(1, reported); err != nil {
			return nil, err
		}
		drained := make(chan error, 1)
		reading, enough := context.WithCancel(ctx)
		go func() { // ends once it is told
			var err error
			for err == nil && reading.Err() == nil {
				err = i.read(1, reported)
			}
			drained <- err
		}()
		beside, err := i.echo(ctx, n)
		enough()
		if err := errors.Join(err, <-drained, flood.Stop(ctx)); err != nil {
			return nil, err
		}
		return compared(alone, beside, n)
	})
}

// echo runs a task that waits for so many answers.
func (i *inn) echo(ctx context.Context, n int) ([]time.Duration, error) {
	h, err := i.add(host.Spec{Kind: "echo", Config: errand.Errand{Count: n}})
	if err != nil {
		return nil, err
	}
	return host.Result[[]time.Duration](ctx, h)
}

func (p *program) siblingBare(n int) measurement {
	return p.atBare(2, func(ctx context.Context, hosts []*bareHost) ([]float64, error) {
		alone, err := hosts[0].echo(ctx, n)
		if err != nil {
			return nil, err
		}
		flood, err := hosts[1].Call(ctx, "flood", errand.Errand{})
		if err != nil {
			return nil, err
		}
		if _, err := flood.Receive(); err != nil {
			return nil, err
		}
		read := make(chan struct{})
		go func() { // ends when the stream is hung up on
			defer close(read)
			for {
				if _, err := flood.Receive(); err != nil {
					return
				}
			}
		}()
		beside, err := hosts[0].echo(ctx, n)
		flood.HangUp()
		<-read
		if err != nil {
			return nil, err
		}
		return compared(alone, beside, n)
	})
}

// echo is what i.echo is, for a call.
func (h *bareHost) echo(ctx context.Context, n int) ([]time.Duration, error) {
	var took []time.Duration
	err := h.answer(ctx, "echo", n, &took)
	return took, err
}

// answer answers a call so many times, and decodes what it returns.
func (h *bareHost) answer(ctx context.Context, method string, n int, result any) error {
	c, err := h.Call(ctx, method, errand.Errand{Count: n})
	if err != nil {
		return err
	}
	defer c.HangUp()
	for range n {
		if _, err := c.Receive(); err != nil {
			return err
		}
		if err := c.Acknowledge(); err != nil {
			return err
		}
	}
	_, last, err := c.Finish()
	if err != nil {
		return err
	}
	return json.Unmarshal(bare.Result(last), result)
}
