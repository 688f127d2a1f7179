package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// stoppedAtOnce is how many processes are stopped together.
const stoppedAtOnce = 100

func processStop(p *program) workload {
	const limit = "SIGTERM and wait"
	return workload{
		name: "process-stop", title: "stop of 100 plugin processes, until all have ended and are reaped",
		quantities: []quantity{{unit: seconds, targets: []target{{against: limit, atMost: 1.5, wall: wallStop}}}},
		sides: []side{
			{name: "process mode", run: p.stopOurs(stoppedAtOnce)},
			{name: goPluginPlain, run: p.stopTheirs(stoppedAtOnce)},
			{name: limit, limit: true, run: p.stopNothings(stoppedAtOnce)},
		},
	}
}

func (p *program) stopOurs(n int) measurement {
	return p.atInn(func(ctx context.Context, i *inn) ([]float64, error) {
		if err := i.park(n); err != nil {
			return nil, err
		}
		began := time.Now()
		if err := i.Stop(ctx); err != nil {
			return nil, err
		}
		took := since(began)
		for _, h := range i.Handles() {
			if s := h.State(); s != host.StateStopped {
				return nil, fmt.Errorf("task %s is %v, not stopped", h.ID(), s)
			}
		}
		return took, nil
	})
}

func (p *program) stopTheirs(n int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		hosts, err := p.parkGoPlugins(ctx, n)
		began := time.Now()
		closeAll(hosts)
		return since(began), err
	}
}

// stopNothings stops processes that a signal ends at once.
func (p *program) stopNothings(n int) measurement {
	return func(context.Context) ([]float64, error) {
		processes, err := p.stay(n)
		began := time.Now()
		for _, b := range processes {
			err = errors.Join(err, b.signal())
		}
		for _, b := range processes {
			err = errors.Join(err, b.reap())
		}
		return since(began), err
	}
}
