package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// sharers is how many tasks run in one plugin process.
const sharers = 10_000

// processWarm compares a launch that finds a process ready with one that does not.
func processWarm(p *program) workload {
	const cold = "cold"
	return workload{
		name: "process-warm", title: "warm launch of a plugin, from Add to a task that runs in it",
		quantities: []quantity{{unit: seconds, targets: []target{{against: cold, atMost: 0.1, wall: wallWarm}}}},
		sides: []side{
			{name: "Warm: 2", run: p.launchWarm(launchesARound, 2)},
			{name: cold, run: p.launchOurs(launchesARound, host.Spec{Kind: "park"})},
			{name: "a stream of a bare process that has served others", limit: true, run: p.launchBare(launchesARound)},
		},
	}
}

// launchWarm launches when the host has come to rest, and the processes wait.
func (p *program) launchWarm(times, warm int) measurement {
	return p.atInn(func(ctx context.Context, i *inn) ([]float64, error) {
		launch := func() (time.Duration, error) {
			settle()
			return i.launch(ctx, host.Spec{Kind: "park", Warm: warm})
		}
		if _, err := launch(); err != nil { // the first has processes begin to wait
			return nil, err
		}
		return medianOf(times, launch)
	})
}

// launchBare opens streams, each after the same rest, until their tasks run.
func (p *program) launchBare(times int) measurement {
	return p.atBare(1, func(ctx context.Context, hosts []*bareHost) ([]float64, error) {
		call := func() (time.Duration, error) {
			settle()
			began := time.Now()
			c, err := hosts[0].Call(ctx, "park", errand.Errand{})
			if err != nil {
				return 0, err
			}
			defer c.HangUp()
			return time.Since(began), nil
		}
		if _, err := call(); err != nil {
			return nil, err
		}
		return medianOf(times, call)
	})
}

// processShared has tasks that return at once share a plugin process that runs.
func processShared(p *program) workload {
	return workload{
		name: "process-shared", title: "10,000 tasks in one plugin process, first Add to the last one's end",
		quantities: []quantity{{unit: seconds, targets: []target{{against: bareGRPC, atMost: 1.3, wall: wallShared}}}},
		sides: []side{
			{name: "Share: SharePlugin", run: p.sharedOurs(sharers)},
			python("ProcessPoolExecutor", "processes", sharers),
			{name: bareGRPC, limit: true, run: p.sharedBare(sharers)},
			{name: "a unix socket, one by one", limit: true, run: p.sharedSocket(sharers)},
		},
	}
}

func (p *program) sharedOurs(tasks int) measurement {
	return p.atInn(func(_ context.Context, i *inn) ([]float64, error) {
		if _, err := i.run(host.Spec{Kind: "park", Share: host.SharePlugin}); err != nil { // which keeps the process
			return nil, err
		}
		began := time.Now()
		handles, err := i.addAll(tasks, host.Spec{Kind: "pid", Share: host.SharePlugin})
		if err == nil {
			err = i.await(tasks, host.StateSucceeded)
		}
		took := since(began)
		if err != nil {
			return nil, err
		}
		pids := make([]string, tasks)
		for n, h := range handles {
			pids[n] = string(h.Result())
		}
		return took, wantOne(pids)
	})
}

// wantOne wants tasks to have run in one and the same process.
func wantOne(pids []string) error {
	for _, pid := range pids {
		if pid == "" || pid != pids[0] {
			return fmt.Errorf("one task ran in process %q, another in %q", pids[0], pid)
		}
	}
	return nil
}

func (p *program) sharedBare(tasks int) measurement {
	return p.atBare(1, func(ctx context.Context, hosts []*bareHost) ([]float64, error) {
		h := hosts[0]
		parked, err := h.Call(ctx, "park", errand.Errand{}) // as ours: the connection is there
		if err != nil {
			return nil, err
		}
		defer parked.HangUp()
		start, err := sharedStart(h.Messages)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		var calling sync.WaitGroup
		errs, pids := make([]error, tasks), make([]string, tasks)
		for n := range tasks {
			calling.Go(func() { pids[n], errs[n] = h.pid(ctx, start) })
		}
		calling.Wait()
		took := since(began)
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		return took, wantOne(pids)
	})
}

// sharedStart begins a call of the last task.
func sharedStart(m *bare.Messages) (proto.Message, error) {
	return m.Start("10000", "pid", []byte("{}"))
}

// pid asks for the process in which a call is answered.
func (h *bareHost) pid(ctx context.Context, start proto.Message) (string, error) {
	c, err := h.Begin(ctx, "pid", start)
	if err != nil {
		return "", err
	}
	_, last, err := c.Finish()
	if err != nil {
		return "", err
	}
	return string(bare.Result(last)), nil
}

// sharedSocket exchanges as many bytes as the bare streams' messages have, one
// exchange after another.
func (p *program) sharedSocket(tasks int) measurement {
	return p.atSocket(func(a *bare.Asker) ([]float64, error) {
		m, err := bare.NewMessages()
		if err != nil {
			return nil, err
		}
		start, err := sharedStart(m)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		for range tasks {
			if err := a.Ask(proto.Size(start), proto.Size(m.Started)+proto.Size(m.RanHere)); err != nil {
				return nil, err
			}
		}
		return since(began), nil
	})
}
