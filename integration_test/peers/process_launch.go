package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	goplugin "github.com/hashicorp/go-plugin"

	"github.com/hostelry-run/hostelry/host"
)

const (
	// launchesARound is how many launches, one after another, a round takes the
	// median of.
	launchesARound = 10
	// launchesAtOnce is how many are launched together.
	launchesAtOnce = 50
)

const goPluginPlain, goPluginTLS = "go-plugin", "go-plugin, AutoMTLS"

// processLaunch compares launches to where a task says that it runs. Each side starts
// this same program: what its packages' initialisation takes is in all of them.
func processLaunch() workload {
	const wall = "Of a launch of this program, most is in no side's hands: github.com/santhosh-tekuri/jsonschema/v6, " +
		"which the host checks configs with, compiles its metaschemas at init (GODEBUG=inittrace=1: 21,000 allocations, " +
		"1.7 MB; 28 % of all samples of a profile of 50 launches). All sides pay for it, which brings their ratio closer to 1. " +
		"A plugin that links package plugin alone has none of it: see the next workload."
	return workload{
		name: "process-launch", title: "cold launch of a plugin, this program, from Add to a task that runs in it",
		quantities: []quantity{{unit: seconds, targets: []target{
			{against: goPluginPlain, atMost: 1.15}, {against: goPluginTLS, atMost: 0.25, wall: wall},
		}}},
		sides: []side{
			{name: "process mode", run: launchOurs(launchesARound, host.Spec{Kind: "park"})},
			{name: goPluginPlain, run: launchTheirs(launchesARound, false)},
			{name: goPluginTLS, run: launchTheirs(launchesARound, true)},
			{name: "fork, exec and wait", limit: true, run: launchNothing(launchesARound)},
		},
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
func launchOurs(times int, spec host.Spec, opts ...host.Option) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		i, err := openInn(ctx, opts...)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, i.close()) }()
		if err := i.warm(ctx); err != nil {
			return nil, err
		}
		return medianOf(times, func() (time.Duration, error) {
			began := time.Now()
			h, err := i.admit(spec)
			if err == nil {
				err = i.running(1)
			}
			took := time.Since(began)
			if err != nil {
				return 0, err
			}
			return took, h.Stop(ctx)
		})
	}
}

func launchTheirs(times int, mtls bool) measurement {
	return func(ctx context.Context) ([]float64, error) {
		return medianOf(times, func() (time.Duration, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			began := time.Now()
			client, err := launchGoPlugin(ctx, mtls)
			took := time.Since(began)
			if err != nil {
				return 0, err
			}
			client.Kill()
			return took, nil
		})
	}
}

// launchNothing starts processes whose main returns at once.
func launchNothing(times int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		return medianOf(times, func() (time.Duration, error) {
			cmd, err := again(context.WithoutCancel(ctx), "exit")
			if err != nil {
				return 0, err
			}
			began := time.Now()
			err = cmd.Run()
			return time.Since(began), err
		})
	}
}

// processLaunchMany launches many at once.
func processLaunchMany() workload {
	const limit = "exec, up to main"
	return workload{
		name: "process-launch-many", title: "50 cold launches at once, until all tasks run",
		quantities: []quantity{{unit: seconds, targets: []target{{against: limit, atMost: 1.5}}}},
		sides: []side{
			{name: "process mode", run: launchManyOurs(launchesAtOnce)},
			{name: goPluginPlain, run: launchManyTheirs(launchesAtOnce)},
			{name: limit, limit: true, run: launchManyNothings(launchesAtOnce)},
		},
	}
}

func launchManyOurs(n int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		i, err := openInn(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, i.close()) }()
		if err := i.warm(ctx); err != nil {
			return nil, err
		}
		began := time.Now()
		for range n {
			if _, err := i.add("park", errand{}); err != nil {
				return nil, err
			}
		}
		if err := i.running(n); err != nil {
			return nil, err
		}
		return since(began), nil
	}
}

func launchManyTheirs(n int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		began := time.Now()
		clients, err := atOnce(n, func() (*goplugin.Client, error) { return launchGoPlugin(ctx, false) })
		took := since(began)
		killAll(clients)
		return took, err
	}
}

// launchManyNothings starts processes that say so when their main is called.
func launchManyNothings(n int) measurement {
	return func(context.Context) ([]float64, error) {
		began := time.Now()
		processes, err := atOnce(n, func() (*bareProcess, error) { return startBare("stay") })
		took := since(began)
		for _, p := range processes {
			err = errors.Join(err, p.close())
		}
		return took, err
	}
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

// killAll ends go-plugin's plugins, all at the same time.
func killAll(clients []*goplugin.Client) {
	var killing sync.WaitGroup
	for _, c := range clients {
		killing.Go(c.Kill)
	}
	killing.Wait()
}
