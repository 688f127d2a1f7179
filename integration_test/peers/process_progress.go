package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

const bareGRPC = "bare gRPC streams"

// Messages that plugins send in a round, all together.
const progressMessages = 200_000

// processProgressOne has one plugin report as fast as it can.
func processProgressOne() workload { return processProgress("one", "one plugin", 1) }

// processProgressMany has twenty do so.
func processProgressMany() workload { return processProgress("many", "20 plugins", 20) }

// processProgress counts what the tasks reported, until a reader of the host's events
// has each task's last report, and how much of it that reader was shown. Of reports
// that nobody has taken yet only the newest is kept, so that it is less. The bare
// streams carry each message to its end.
func processProgress(name, title string, plugins int) workload {
	each := progressMessages / plugins
	return workload{
		name: "process-progress-" + name, title: "progress messages of " + title + ", until the host has the last of each",
		quantities: []quantity{
			{name: "reported", unit: perSecond, targets: []target{{against: bareGRPC, atLeast: 0.8}}},
			{name: "shown to a reader of events", unit: perSecond},
		},
		sides: []side{
			{name: "process mode", run: progressOurs(plugins, each)},
			{name: bareGRPC, limit: true, run: progressBare(plugins, each)},
		},
	}
}

// rates are how many messages were reported a second, since then, and how many shown.
func rates(reported, shown int, began time.Time) []float64 {
	took := time.Since(began).Seconds()
	return []float64{float64(reported) / took, float64(shown) / took}
}

func progressOurs(plugins, each int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		g, err := newGate()
		if err != nil {
			return nil, err
		}
		defer g.close()
		i, err := openInn(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, i.close()) }()
		handles := make([]*host.Handle, plugins)
		for n := range handles {
			if handles[n], err = i.add("flood", errand{Gate: g.path, Count: each}); err != nil {
				return nil, err
			}
		}
		began, err := g.open(plugins)
		shown := 0
		if err == nil {
			err = i.await(plugins, func(e host.Event) bool {
				if e.Type == host.EventProgress {
					shown++
				}
				return e.Progress.Done == int64(each)
			})
		}
		counted := rates(plugins*each, shown, began)
		for _, h := range handles {
			err = errors.Join(err, succeeded(ctx, h))
		}
		return counted, err
	}
}

func progressBare(plugins, each int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		g, err := newGate()
		if err != nil {
			return nil, err
		}
		defer g.close()
		hosts, err := atOnce(plugins, startBareHost)
		defer func() { err = errors.Join(err, closeAll(hosts)) }()
		if err != nil {
			return nil, err
		}
		var reading sync.WaitGroup
		errs := make([]error, plugins)
		for n, h := range hosts {
			c, err := h.call(ctx, "flood", errand{Gate: g.path, Count: each})
			if err != nil {
				return nil, err
			}
			reading.Go(func() { errs[n] = c.wantBefore(each) })
		}
		began, err := g.open(plugins)
		reading.Wait()
		return rates(plugins*each, plugins*each, began), errors.Join(err, errors.Join(errs...))
	}
}

// wantBefore reads a stream to its end, and counts what comes before the last word.
func (b *bareCall) wantBefore(want int) error {
	got, _, err := b.finish()
	if err == nil && got != want {
		err = fmt.Errorf("%d messages came, want %d", got, want)
	}
	return err
}

func closeAll(hosts []*bareHost) error {
	var errs []error
	for _, h := range hosts {
		errs = append(errs, h.close())
	}
	return errors.Join(errs...)
}
