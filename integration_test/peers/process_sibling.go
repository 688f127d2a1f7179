package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/hostelry-run/hostelry/host"
)

// echoes is how many answers a task waits for, one after another.
const echoes = 2_000

// processSibling has a task wait for answers of its host while another plugin, whose
// messages the same host takes, reports progress as fast as it can. With two cores
// three processes then want one: what the bare streams show is the machine's part.
func processSibling() workload {
	return workload{
		name: "process-sibling", title: "a checkpoint and its answer, from the task",
		quantities: []quantity{
			{name: "alone", unit: seconds},
			{name: "beside a plugin that floods the host", unit: seconds},
			{name: "the second divided by the first", unit: pieces, targets: []target{{atMost: 2}}},
		},
		sides: []side{
			{name: "process mode", run: siblingOurs(echoes)},
			{name: bareGRPC, limit: true, run: siblingBare(echoes)},
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

func siblingOurs(n int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		i, err := openInn(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, i.close()) }()
		alone, err := i.echo(ctx, n)
		if err != nil {
			return nil, err
		}
		flood, err := i.add("flood", errand{})
		if err != nil {
			return nil, err
		}
		reported := func(e host.Event) bool { return e.Task == flood.ID() && e.Progress.Done > 0 }
		if err := i.await(1, reported); err != nil {
			return nil, err
		}
		drained := make(chan error, 1)
		reading, enough := context.WithCancel(ctx)
		go func() { // ends once it is told
			var err error
			for err == nil && reading.Err() == nil {
				err = i.await(1, reported)
			}
			drained <- err
		}()
		beside, err := i.echo(ctx, n)
		enough()
		if err := errors.Join(err, <-drained, flood.Stop(ctx)); err != nil {
			return nil, err
		}
		return compared(alone, beside, n)
	}
}

// echo runs a task that waits for so many answers.
func (i *inn) echo(ctx context.Context, n int) ([]time.Duration, error) {
	h, err := i.add("echo", errand{Count: n})
	if err != nil {
		return nil, err
	}
	return host.Result[[]time.Duration](ctx, h)
}

func siblingBare(n int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		hosts, err := atOnce(2, startBareHost)
		defer func() { err = errors.Join(err, closeAll(hosts)) }()
		if err != nil {
			return nil, err
		}
		alone, err := hosts[0].echo(ctx, n)
		if err != nil {
			return nil, err
		}
		flood, err := hosts[1].call(ctx, "flood", errand{})
		if err != nil {
			return nil, err
		}
		if _, err := flood.receive(); err != nil {
			return nil, err
		}
		read := make(chan struct{})
		go func() { // ends when the stream is hung up on
			defer close(read)
			for {
				if _, err := flood.receive(); err != nil {
					return
				}
			}
		}()
		beside, err := hosts[0].echo(ctx, n)
		flood.hangUp()
		<-read
		if err != nil {
			return nil, err
		}
		return compared(alone, beside, n)
	}
}

// echo answers a call so many times.
func (h *bareHost) echo(ctx context.Context, n int) ([]time.Duration, error) {
	c, err := h.call(ctx, "echo", errand{Count: n})
	if err != nil {
		return nil, err
	}
	for range n {
		if _, err := c.receive(); err != nil {
			return nil, err
		}
		if err := c.stream.SendMsg(c.acknowledged); err != nil {
			return nil, err
		}
	}
	var last proto.Message
	if _, last, err = c.finish(); err != nil {
		return nil, err
	}
	var took []time.Duration
	return took, json.Unmarshal(contentOf(last, finishedField, resultField), &took)
}
