package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	goplugin "github.com/hashicorp/go-plugin"

	"github.com/hostelry-run/hostelry/host"
)

// stoppedAtOnce is how many processes are stopped together.
const stoppedAtOnce = 100

func processStop() workload {
	const limit = "SIGTERM and wait"
	const wall = "A stop asks and waits for the answer, by gRPC, and that is the wall. To kill the same 100 processes without asking " +
		"took 1.6 times the limit: 7 threads end instead of 5, and the host closes a connection, three pipes and a socket for each. " +
		"Bare gRPC servers, this program with one stream each that their client ends, took 1.7 times the limit when they were then " +
		"killed as ours are, and 2.4 times when they ended by themselves. What the question adds is a process that wakes up: perf " +
		"counts 30 switches of context a stop against 9, most of them of the Go runtime's sysmon, poller and idle threads. Of what " +
		"a plugin's process computes, 70 % is the system's removal of its memory, on each side. A smaller program ends sooner; a " +
		"stop that one thread reads from a pipe, without gRPC, would wake fewer of them."
	return workload{
		name: "process-stop", title: "stop of 100 plugin processes, until all have ended and are reaped",
		quantities: []quantity{{unit: seconds, targets: []target{{against: limit, atMost: 1.5, wall: wall}}}},
		sides: []side{
			{name: "process mode", run: stopOurs(stoppedAtOnce)},
			{name: goPluginPlain, run: stopTheirs(stoppedAtOnce)},
			{name: limit, limit: true, run: stopNothings(stoppedAtOnce)},
		},
	}
}

func stopOurs(n int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		i, err := openInn(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, i.close()) }()
		for range n {
			if _, err := i.add("park", errand{}); err != nil {
				return nil, err
			}
		}
		if err := i.running(n); err != nil {
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
	}
}

func stopTheirs(n int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		clients, err := atOnce(n, func() (*goplugin.Client, error) { return launchGoPlugin(ctx, false) })
		began := time.Now()
		killAll(clients)
		return since(began), err
	}
}

// stopNothings stops processes that a signal ends at once.
func stopNothings(n int) measurement {
	return func(context.Context) ([]float64, error) {
		processes, err := atOnce(n, func() (*bareProcess, error) { return startBare("stay") })
		began := time.Now()
		for _, p := range processes {
			err = errors.Join(err, p.signal())
		}
		for _, p := range processes {
			err = errors.Join(err, p.reap())
		}
		return since(began), err
	}
}
