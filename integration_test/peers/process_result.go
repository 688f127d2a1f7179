package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// resultSize is in bytes.
const resultSize = 16 << 20

// processResult has a task return a large text, from where it can to where its user
// has it: for ours that is when the task's process has ended too.
func processResult() workload {
	return workload{
		name: "process-result", title: "a result of 16 MiB, to its handle, which is done when its process has ended too",
		quantities: []quantity{{unit: seconds}},
		sides: []side{
			{name: "process mode", run: resultOurs(resultSize)},
			{name: "a bare gRPC message", limit: true, run: resultBare(resultSize)},
			{name: "a unix socket", limit: true, run: resultSocket(resultSize)},
		},
	}
}

func resultOurs(size int) measurement {
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
		h, err := i.add("large", errand{Gate: g.path, Count: size})
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
	}
}

func wantText(text string, size int) error {
	if len(text) != size || strings.Trim(text, "x") != "" {
		return fmt.Errorf("the result has %d bytes, and is not %d times x", len(text), size)
	}
	return nil
}

func resultBare(size int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		g, err := newGate()
		if err != nil {
			return nil, err
		}
		defer g.close()
		h, err := startBareHost()
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, h.close()) }()
		c, err := h.call(ctx, "large", errand{Gate: g.path, Count: size})
		if err != nil {
			return nil, err
		}
		began, err := g.open(1)
		if err != nil {
			return nil, err
		}
		_, last, err := c.finish()
		took := since(began)
		if err != nil {
			return nil, err
		}
		text := contentOf(last, finishedField, resultField)
		return took, wantText(strings.Trim(string(text), `"`), size)
	}
}

func resultSocket(size int) measurement {
	return func(ctx context.Context) (_ []float64, err error) {
		h, err := startSocketHost(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, h.close()) }()
		began := time.Now()
		if err := h.ask(0, size); err != nil {
			return nil, err
		}
		return since(began), nil
	}
}
