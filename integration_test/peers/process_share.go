package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/hostelry-run/hostelry/host"
)

// sharers is how many tasks run in one plugin process.
const sharers = 10_000

// processShares are the workloads of processes that wait, or that tasks share.
func processShares() []workload { return []workload{processWarm(), processShared()} }

// processWarm compares a launch that finds a process ready with one that does not.
func processWarm() workload {
	const cold = "cold"
	return workload{
		name: "process-warm", title: "warm launch of a plugin, from Add to a task that runs in it",
		quantities: []quantity{{unit: seconds, targets: []target{{against: cold, atMost: 0.1}}}},
		sides: []side{
			{name: "Warm: 2", run: launchWarm(launchesARound, 2)},
			{name: cold, run: launchOurs(launchesARound, host.Spec{Kind: "park"})},
		},
	}
}

// launchWarm launches when the host has come to rest, and the processes wait.
func launchWarm(times, warm int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		i, err := openInn(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, i.close()) }()
		launch := func() (time.Duration, error) {
			settle()
			began := time.Now()
			h, err := i.admit(host.Spec{Kind: "park", Warm: warm})
			if err == nil {
				err = i.running(1)
			}
			took := time.Since(began)
			if err != nil {
				return 0, err
			}
			return took, h.Stop(ctx)
		}
		if _, err := launch(); err != nil { // the first has processes begin to wait
			return nil, err
		}
		return medianOf(times, launch)
	}
}

// processShared has tasks that return at once share a plugin process that runs.
func processShared() workload {
	return workload{
		name: "process-shared", title: "10,000 tasks in one plugin process, first Add to the last one's end",
		quantities: []quantity{{unit: seconds, targets: []target{{against: bareGRPC, atMost: 1.3}}}},
		sides: []side{
			{name: "Share: SharePlugin", run: sharedOurs(sharers)},
			python("ProcessPoolExecutor", "processes", sharers),
			{name: bareGRPC, limit: true, run: sharedBare(sharers)},
			{name: "a unix socket, one by one", limit: true, run: sharedSocket(sharers)},
		},
	}
}

func sharedOurs(tasks int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		i, err := openInn(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, i.close()) }()
		if _, err := i.admit(host.Spec{Kind: "park", Share: host.SharePlugin}); err != nil { // which keeps the process
			return nil, err
		}
		if err := i.running(1); err != nil {
			return nil, err
		}
		began := time.Now()
		handles := make([]*host.Handle, tasks)
		for n := range handles {
			if handles[n], err = i.admit(host.Spec{Kind: "pid", Share: host.SharePlugin}); err != nil {
				return nil, err
			}
		}
		err = i.await(tasks, func(e host.Event) bool { return e.Type == host.EventState && e.State == host.StateSucceeded })
		took := since(began)
		if err != nil {
			return nil, err
		}
		first := string(handles[0].Result())
		for _, h := range handles {
			if got := string(h.Result()); got == "" || got != first {
				return nil, fmt.Errorf("one task ran in process %q, another in %q", first, got)
			}
		}
		return took, nil
	}
}

func sharedBare(tasks int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		h, err := startBareHost()
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, h.close()) }()
		parked, err := h.call(ctx, "park", errand{}) // as ours: the connection is there
		if err != nil {
			return nil, err
		}
		defer parked.hangUp()
		start, err := h.start("10000", "pid", []byte("{}"))
		if err != nil {
			return nil, err
		}
		began := time.Now()
		var calling sync.WaitGroup
		errs, pids := make([]error, tasks), make([]string, tasks)
		for n := range tasks {
			calling.Go(func() {
				c, err := h.begin(ctx, "pid", start)
				if err == nil {
					var last proto.Message
					_, last, err = c.finish()
					if err == nil {
						pids[n] = string(contentOf(last, finishedField, resultField))
					}
				}
				errs[n] = err
			})
		}
		calling.Wait()
		took := since(began)
		err = errors.Join(errs...)
		for _, pid := range pids {
			if err == nil && (pid == "" || pid != pids[0]) {
				err = fmt.Errorf("one call was answered by process %q, another by %q", pids[0], pid)
			}
		}
		return took, err
	}
}

// sharedSocket exchanges as many bytes as the bare streams' messages have, one
// exchange after another.
func sharedSocket(tasks int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		m, err := newBareMessages()
		if err != nil {
			return nil, err
		}
		start, err := m.start("10000", "pid", []byte("{}"))
		if err != nil {
			return nil, err
		}
		h, err := startSocketHost(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, h.close()) }()
		began := time.Now()
		for range tasks {
			if err := h.ask(proto.Size(start), proto.Size(m.started)+proto.Size(m.ranHere)); err != nil {
				return nil, err
			}
		}
		return since(began), nil
	}
}
