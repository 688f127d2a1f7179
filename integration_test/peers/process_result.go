package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// resultSize is in bytes.
const resultSize = 16 << 20

// processResult has a task return a large text, from where it can to where its user
// has it: for ours that is when the task's process has ended too.
func processResult(p *program) workload {
	return workload{
		name: "process-result", title: "a result of 16 MiB, to its handle, which is done when its process has ended too",
		quantities: []quantity{{unit: seconds}},
		sides: []side{
			{name: "process mode", run: p.resultOurs(resultSize)},
			{name: "a bare gRPC message", limit: true, run: p.resultBare(resultSize)},
			{name: "a unix socket", limit: true, run: p.resultSocket(resultSize)},
		},
	}
}

func (p *program) resultOurs(size int) measurement {
	return p.atInn(func(ctx context.Context, i *inn) ([]float64, error) {
		return withGate(func(g *gate) ([]float64, error) {
			h, err := i.add(host.Spec{Kind: "large", Config: errand.Errand{Gate: g.path, Count: size}})
			if err != nil {
				return nil, err
			}
			began, err := g.open(1)
			if err != nil {
				return nil, err
			}
			err = succeeded(ctx, h)
			took := since(began)
			if err != nil {
				return nil, err
			}
			text, err := host.Result[string](ctx, h)
			return took, errors.Join(err, wantText(text, size))
		})
	})
}

func wantText(text string, size int) error {
	if len(text) != size || strings.Trim(text, "x") != "" {
		return fmt.Errorf("the result has %d bytes, and is not %d times x", len(text), size)
	}
	return nil
}

func (p *program) resultBare(size int) measurement {
	return p.atBare(1, func(ctx context.Context, hosts []*bareHost) ([]float64, error) {
		return withGate(func(g *gate) ([]float64, error) {
			c, err := hosts[0].Call(ctx, "large", errand.Errand{Gate: g.path, Count: size})
			if err != nil {
				return nil, err
			}
			began, err := g.open(1)
			if err != nil {
				return nil, err
			}
			_, last, err := c.Finish()
			took := since(began)
			if err != nil {
				return nil, err
			}
			return took, wantText(strings.Trim(string(bare.Result(last)), `"`), size)
		})
	})
}

func (p *program) resultSocket(size int) measurement {
	return p.atSocket(func(a *bare.Asker) ([]float64, error) {
		began := time.Now()
		if err := a.Ask(0, size); err != nil {
			return nil, err
		}
		return since(began), nil
	})
}
