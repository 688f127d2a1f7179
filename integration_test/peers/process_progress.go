package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// progressReports are made in a round, all together.
const progressReports = 10_000_000

// carriedReports are as many as take about as long to carry.
const carriedReports = 1_000_000

const (
	bareGRPC   = "bare gRPC streams"
	bareNewest = "bare gRPC streams, the newest every 5 ms"
)

// processProgressOne has one plugin report as fast as it can.
func processProgressOne(p *program) workload { return processProgress(p, "one", "one plugin", 1) }

// processProgressMany has twenty do so.
func processProgressMany(p *program) workload { return processProgress(p, "many", "20 plugins", 20) }

// processProgress counts what tasks report, until a reader of the host's events has the
// last of each. Of reports that wait the newest is kept, in ours by design. One bare stream
// carries each, as one that knows nothing of what it carries does; the other keeps the
// newest too, and shows what a report could cost at the least. What it costs us to carry
// each message is in processCheckpoint and processLogStream, and how old what the host
// knows is, in processDelay.
func processProgress(p *program, name, title string, plugins int) workload {
	return workload{
		name: "process-progress-" + name, title: "progress reports of " + title + ", made until the host has the last of each",
		quantities: []quantity{{unit: perSecond, targets: []target{{against: bareGRPC, atLeast: 0.8}}}},
		sides: []side{
			{name: "process mode", run: p.progressOurs(plugins, progressReports/plugins)},
			{name: bareGRPC, limit: true, run: p.progressBare("flood", plugins, carriedReports/plugins)},
			{name: bareNewest, limit: true, run: p.progressBare("newest", plugins, progressReports/plugins)},
		},
	}
}

// rate is how many there were a second.
func rate(n int, took time.Duration) []float64 { return []float64{float64(n) / took.Seconds()} }

func (p *program) progressOurs(plugins, each int) measurement {
	return p.atInn(func(ctx context.Context, i *inn) ([]float64, error) {
		return withGate(func(g *gate) ([]float64, error) {
			handles, err := i.addAll(plugins, host.Spec{Kind: "flood", Config: errand.Errand{Gate: g.path, Count: each}})
			if err != nil {
				return nil, err
			}
			began, err := g.open(plugins)
			if err == nil {
				err = i.read(plugins, func(e host.Event) bool { return e.Type == host.EventProgress && e.Progress.Done == int64(each) })
			}
			counted := rate(plugins*each, time.Since(began))
			for _, h := range handles {
				err = errors.Join(err, succeeded(ctx, h))
			}
			return counted, err
		})
	})
}

func (p *program) progressBare(method string, plugins, each int) measurement {
	return p.atBare(plugins, func(ctx context.Context, hosts []*bareHost) ([]float64, error) {
		return withGate(func(g *gate) ([]float64, error) {
			var reading sync.WaitGroup
			errs := make([]error, plugins)
			for n, h := range hosts {
				c, err := h.Call(ctx, method, errand.Errand{Gate: g.path, Count: each})
				if err != nil {
					return nil, err
				}
				reading.Go(func() { errs[n] = wantLast(c, each) })
			}
			began, err := g.open(plugins)
			reading.Wait()
			return rate(plugins*each, time.Since(began)), errors.Join(err, errors.Join(errs...))
		})
	})
}

// wantLast reads a stream to its end, and wants the last report before that.
func wantLast(c *bare.Call, want int) error {
	defer c.HangUp()
	var last int64
	for {
		m, err := c.Receive()
		if err != nil {
			return err
		}
		done, ok := bare.Done(m)
		if !ok { // it has finished
			break
		}
		last = done
	}
	if last != int64(want) {
		return fmt.Errorf("the last report says %d, want %d", last, want)
	}
	return nil
}
