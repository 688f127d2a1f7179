package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
)

const (
	// launchesARound is how many launches, one after another, a round takes the
	// median of.
	launchesARound = 10
	// launchesAtOnce is how many are launched together.
	launchesAtOnce = 50
)

// processLaunch compares launches to where a task says that it runs.
func processLaunch(p *program) workload {
	return workload{
		name: "process-launch", title: "cold launch of a plugin, from Add to a task that runs in it",
		quantities: []quantity{{unit: seconds, targets: []target{
			{against: goPluginPlain, atMost: 1.15}, {against: goPluginTLS, atMost: 0.25, wall: wallTLS},
		}}},
		sides: launches(p, "process mode"),
	}
}

// processSelf is processLaunch of this program, which embeds a host and starts itself.
func processSelf() workload {
	p, err := itself()
	return workload{
		name: "process-launch-self", title: "cold launch of a program that embeds a host and starts itself, from Add to a task that runs in it",
		quantities: []quantity{{unit: seconds}},
		setUp:      func(context.Context) (func(), error) { return func() {}, err },
		sides:      launches(p, "plugin.ServeSelf"),
	}
}

// launches are the ways to launch one and the same program.
func launches(p *program, ours string) []side {
	return []side{
		{name: ours, run: p.launchOurs(launchesARound, host.Spec{Kind: "park"})},
		{name: goPluginPlain, run: p.launchTheirs(launchesARound, false)},
		{name: goPluginTLS, run: p.launchTheirs(launchesARound, true)},
		{name: "fork, exec and wait", limit: true, run: p.launchNothing(launchesARound)},
	}
}

// medianOf runs once so many times.
func medianOf(times int, once func() (time.Duration, error)) ([]float64, error) {
	took := make([]time.Duration, times)
	for i := range took {
		var err error
		if took[i], err = once(); err != nil {
			return nil, err
		}
	}
	slices.Sort(took)
	return []float64{took[times/2].Seconds()}, nil
}

// launchOurs launches under a runner that has launched before.
func (p *program) launchOurs(times int, spec host.Spec) measurement {
	return p.atInn(func(ctx context.Context, i *inn) ([]float64, error) {
		if err := i.warm(ctx, spec); err != nil {
			return nil, err
		}
		return medianOf(times, func() (time.Duration, error) { return i.launch(ctx, spec) })
	})
}

// launch is how long it takes until a task runs. It is stopped then.
func (i *inn) launch(ctx context.Context, spec host.Spec) (time.Duration, error) {
	began := time.Now()
	h, err := i.run(spec)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	return took, h.Stop(ctx)
}

func (p *program) launchTheirs(times int, mtls bool) measurement {
	return func(ctx context.Context) ([]float64, error) {
		return medianOf(times, func() (time.Duration, error) {
			began := time.Now()
			h, err := p.parkGoPlugin(ctx, mtls)
			took := time.Since(began)
			if err != nil {
				return 0, err
			}
			h.close()
			return took, nil
		})
	}
}

// launchNothing starts processes whose main returns at once.
func (p *program) launchNothing(times int) measurement {
	return func(context.Context) ([]float64, error) {
		return medianOf(times, func() (time.Duration, error) {
			cmd := p.as(bare.Exit)
			began := time.Now()
			err := cmd.Run()
			return time.Since(began), err
		})
	}
}

// processLaunchMany launches many at once.
func processLaunchMany(p *program) workload {
	const limit = "exec, up to main"
	return workload{
		name: "process-launch-many", title: "50 cold launches at once, until all tasks run",
		quantities: []quantity{{unit: seconds, targets: []target{{against: limit, atMost: 1.5}}}},
		sides: []side{
			{name: "process mode", run: p.launchManyOurs(launchesAtOnce)},
			{name: goPluginPlain, run: p.launchManyTheirs(launchesAtOnce)},
			{name: limit, limit: true, run: p.launchManyNothings(launchesAtOnce)},
		},
	}
}

func (p *program) launchManyOurs(n int) measurement {
	return p.atInn(func(ctx context.Context, i *inn) ([]float64, error) {
		if err := i.warm(ctx, host.Spec{Kind: "park"}); err != nil {
			return nil, err
		}
		began := time.Now()
		if err := i.park(n); err != nil {
			return nil, err
		}
		return since(began), nil
	})
}

func (p *program) launchManyTheirs(n int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		began := time.Now()
		hosts, err := p.parkGoPlugins(ctx, n)
		took := since(began)
		closeAll(hosts)
		return took, err
	}
}

// launchManyNothings starts processes that say so when their main is called.
func (p *program) launchManyNothings(n int) measurement {
	return func(context.Context) ([]float64, error) {
		began := time.Now()
		processes, err := p.stay(n)
		took := since(began)
		for _, b := range processes {
			err = errors.Join(err, b.close())
		}
		return took, err
	}
}

// stay starts processes that do nothing, all at the same time.
func (p *program) stay(n int) ([]*bareProcess, error) {
	return atOnce(n, func() (*bareProcess, error) { return p.start(bare.Stay) })
}

// atOnce calls start n times, all at the same time, and returns what it made.
func atOnce[T any](n int, start func() (*T, error)) ([]*T, error) {
	made, errs := make([]*T, n), make([]error, n)
	var starting sync.WaitGroup
	for i := range n {
		starting.Go(func() { made[i], errs[i] = start() })
	}
	starting.Wait()
	return slices.DeleteFunc(made, func(t *T) bool { return t == nil }), errors.Join(errs...)
}
