package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// logLines are written in a round.
const logLines = 100_000

// processLog has a plugin log as fast as it can: each line is a JSON object on its
// stderr, as go-plugin's plugins write them.
func processLog(p *program) workload {
	return workload{
		name: "process-log", title: "log lines of one plugin, each carried to its host's log",
		quantities: []quantity{{unit: perSecond}},
		sides: []side{
			{name: "process mode", run: p.logOurs(logLines, host.ShareTask)},
			{name: goPluginPlain, run: p.logTheirs(logLines)},
		},
	}
}

// processLogStream has a plugin that tasks share log as fast as it can: each line is a
// message on its task's stream, and none is left out.
func processLogStream(p *program) workload {
	return workload{
		name: "process-log-stream", title: "log lines of a task that shares its plugin, each a message to its host's log",
		quantities: []quantity{{unit: perSecond}},
		sides: []side{
			{name: "Share: SharePlugin", run: p.logOurs(logLines, host.SharePlugin)},
			{name: bareGRPC, limit: true, run: p.logBare(logLines)},
		},
	}
}

// logEnd counts the lines in a host's log.
type logEnd struct {
	left atomic.Int64
	last chan struct{} // closed when none is left
}

func newLogEnd(lines int) *logEnd {
	e := &logEnd{last: make(chan struct{})}
	e.left.Store(int64(lines))
	return e
}

func (e *logEnd) line(message string) {
	if message == errand.LogLine && e.left.Add(-1) == 0 {
		close(e.last)
	}
}

func (e *logEnd) await(ctx context.Context) error {
	select {
	case <-e.last:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// slogEnd is a logEnd as our host's log.
type slogEnd struct{ *logEnd }

// Enabled implements slog.Handler.
func (slogEnd) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (e slogEnd) Handle(_ context.Context, r slog.Record) error { e.line(r.Message); return nil }

// WithAttrs implements slog.Handler.
func (e slogEnd) WithAttrs([]slog.Attr) slog.Handler { return e }

// WithGroup implements slog.Handler.
func (e slogEnd) WithGroup(string) slog.Handler { return e }

// hclogEnd is a logEnd as the log of a host that uses go-plugin.
type hclogEnd struct {
	hclog.Logger // which writes nothing

	*logEnd
}

// Info implements hclog.Logger.
func (e hclogEnd) Info(message string, _ ...any) { e.line(message) }

// GetLevel implements hclog.Logger.
func (hclogEnd) GetLevel() hclog.Level { return hclog.Trace }

// Named implements hclog.Logger.
func (e hclogEnd) Named(string) hclog.Logger { return e }

func (p *program) logOurs(lines int, share host.Share) measurement {
	return func(ctx context.Context) ([]float64, error) {
		end := newLogEnd(lines)
		return p.atInn(func(ctx context.Context, i *inn) ([]float64, error) {
			return withGate(func(g *gate) ([]float64, error) {
				h, err := i.add(host.Spec{Kind: "lines", Share: share, Config: errand.Errand{Gate: g.path, Count: lines}})
				if err != nil {
					return nil, err
				}
				began, err := g.open(1)
				if err == nil {
					err = end.await(ctx)
				}
				counted := rate(lines, time.Since(began))
				return counted, errors.Join(err, succeeded(ctx, h))
			})
		}, host.WithLogger(slog.New(slogEnd{end})))(ctx)
	}
}

func (p *program) logTheirs(lines int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		end := newLogEnd(lines)
		return withGate(func(g *gate) ([]float64, error) {
			log := hclogEnd{hclog.NewNullLogger(), end}
			h, err := p.launchGoPlugin(ctx, false, "hclog", errand.Errand{Gate: g.path, Count: lines}, log)
			if err != nil {
				return nil, err
			}
			defer h.close()
			began, err := g.open(1)
			if err == nil {
				err = end.await(ctx)
			}
			return rate(lines, time.Since(began)), err
		})
	}
}

func (p *program) logBare(lines int) measurement {
	return p.atBare(1, func(ctx context.Context, hosts []*bareHost) ([]float64, error) {
		return withGate(func(g *gate) ([]float64, error) {
			c, err := hosts[0].Call(ctx, "lines", errand.Errand{Gate: g.path, Count: lines})
			if err != nil {
				return nil, err
			}
			began, err := g.open(1)
			if err != nil {
				return nil, err
			}
			got, _, err := c.Finish()
			counted := rate(lines, time.Since(began))
			if err == nil && got != lines {
				err = fmt.Errorf("%d lines came, want %d", got, lines)
			}
			return counted, err
		})
	})
}
