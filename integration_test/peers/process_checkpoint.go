package main

import (
	"context"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// checkpoints are kept in a round.
const checkpoints = 50_000

// processCheckpoint has a task hand many messages to its host at a time, each of which is
// carried, kept and answered.
func processCheckpoint(p *program) workload {
	return workload{
		name: "process-checkpoint", title: "checkpoints of 100 goroutines of a task, each carried to the host and answered",
		quantities: []quantity{{unit: perSecond, targets: []target{{against: bareGRPC, atLeast: 0.8, wall: wallCheckpoint}}}},
		sides: []side{
			{name: "process mode", run: p.checkpointOurs(checkpoints)},
			{name: bareGRPC, limit: true, run: p.checkpointBare(checkpoints)},
		},
	}
}

func (p *program) checkpointOurs(n int) measurement {
	return p.atInn(func(ctx context.Context, i *inn) ([]float64, error) {
		h, err := i.add(host.Spec{Kind: "save", Config: errand.Errand{Count: n}})
		if err != nil {
			return nil, err
		}
		took, err := host.Result[time.Duration](ctx, h)
		return rate(n, took), err
	})
}

func (p *program) checkpointBare(n int) measurement {
	return p.atBare(1, func(ctx context.Context, hosts []*bareHost) ([]float64, error) {
		var took time.Duration
		err := hosts[0].answer(ctx, "save", n, &took)
		return rate(n, took), err
	})
}
