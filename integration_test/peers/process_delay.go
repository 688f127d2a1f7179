package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// delayWatched is how long the reports of a plugin are looked at.
const delayWatched = time.Second

// processDelay compares how far behind a host is whose plugin reports as fast as it can.
// A stream that carries each report is behind by what waits in its buffers, one that
// carries the newest by what it waits before it sends.
func processDelay(p *program) workload {
	return workload{
		name: "process-delay", title: "how long after a plugin's report, one of very many, its host has that or a newer one",
		quantities: []quantity{
			{name: "the median", unit: seconds, targets: []target{{against: bareNewest, atMost: 1.25}}},
			{name: "99 %", unit: seconds},
		},
		sides: []side{
			{name: "process mode", run: p.delayOurs(delayWatched)},
			{name: bareGRPC, limit: true, run: p.delayBare("flood", delayWatched)},
			{name: bareNewest, limit: true, run: p.delayBare("newest", delayWatched)},
		},
	}
}

// delays are, for each report that came, how long before the one made just after the one
// before it was made: nobody heard of that any sooner.
type delays struct {
	last  int64 // when the last report was made, or 0
	taken []time.Duration
}

// came notes a report by when it was made.
func (d *delays) came(made int64) {
	if d.last != 0 {
		d.taken = append(d.taken, time.Duration(time.Now().UnixNano()-d.last))
	}
	d.last = made
}

func (d *delays) values() ([]float64, error) {
	if len(d.taken) == 0 {
		return nil, errors.New("fewer than two reports came")
	}
	slices.Sort(d.taken)
	return []float64{d.taken[len(d.taken)/2].Seconds(), d.taken[len(d.taken)*99/100].Seconds()}, nil
}

func (p *program) delayOurs(watched time.Duration) measurement {
	return p.atInn(func(ctx context.Context, i *inn) ([]float64, error) {
		flood, err := i.run(host.Spec{Kind: "flood", Config: errand.Errand{Dated: true}})
		if err != nil {
			return nil, err
		}
		var d delays
		for began := time.Now(); time.Since(began) < watched; {
			if err := i.read(1, func(e host.Event) bool {
				if e.Type == host.EventProgress {
					d.came(e.Progress.Done)
				}
				return e.Type == host.EventProgress
			}); err != nil {
				return nil, err
			}
		}
		if err := flood.Stop(ctx); err != nil {
			return nil, err
		}
		return d.values()
	})
}

func (p *program) delayBare(method string, watched time.Duration) measurement {
	return p.atBare(1, func(ctx context.Context, hosts []*bareHost) ([]float64, error) {
		c, err := hosts[0].Call(ctx, method, errand.Errand{Dated: true})
		if err != nil {
			return nil, err
		}
		defer c.HangUp()
		var d delays
		for began := time.Now(); time.Since(began) < watched; {
			m, err := c.Receive()
			if err != nil {
				return nil, err
			}
			if made, ok := bare.Done(m); ok {
				d.came(made)
			}
		}
		return d.values()
	})
}
