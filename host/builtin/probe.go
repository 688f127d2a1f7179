package builtin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

const (
	defaultInterval  = time.Second
	defaultTimeout   = 5 * time.Second
	defaultThreshold = 3
)

// ProbeConfig is the config of the kind probe. Exactly one of URL and TCP is set.
type ProbeConfig struct {
	// URL is an http or https address to GET. A final status of 2xx or 3xx is a
	// success if the body, or its first 64 KiB, arrives within the timeout. Up to
	// 10 redirects are followed. Each check makes a connection of its own, and
	// uses no proxy.
	URL string `json:"url,omitempty" jsonschema:"oneof_required=url,pattern=^https?://,description=an HTTP address to GET; a status of 2xx or 3xx is a success,example=http://localhost:8080/health"`
	// TCP is a host:port to connect to.
	TCP string `json:"tcp,omitempty" jsonschema:"oneof_required=tcp,pattern=^.*:[^:]+$,description=a host:port to connect to,example=localhost:5432"`
	// Interval is the time from the start of one check to that of the next. A
	// check that takes longer delays the next. The default is 1 second.
	Interval Duration `json:"interval,omitempty" jsonschema:"default=1s,description=the time from one check to the next"`
	// Timeout is how long one check may take. The default is 5 seconds.
	Timeout Duration `json:"timeout,omitempty" jsonschema:"default=5s,description=how long one check may take"`
	// Count is how many checks to make; 0, the default, is until stopped.
	Count int `json:"count,omitempty" jsonschema:"minimum=0,default=0,description=how many checks to make; 0 is until stopped"`
	// Threshold is how many misses in a row are a failure. The default is 3, and
	// Count where that is less: a probe of one check fails when it misses.
	Threshold int `json:"threshold,omitempty" jsonschema:"minimum=1,default=3,description=how many misses in a row are a failure; at most the count"`
}

// ProbeResult is the result of the kind probe, kept also when it failed or was
// stopped. A check that a stop interrupted is not counted.
type ProbeResult struct {
	// Checks is the number of checks made, Misses of those without success.
	Checks int `json:"checks"`
	Misses int `json:"misses"`
	// Last describes the last check, such as "200 OK" or "connection refused".
	Last string `json:"last,omitempty"`
	// Latency is over the successful checks; it is zero, and not in the JSON,
	// if there was none.
	Latency Latency `json:"latency_ms,omitzero"`
}

// Latency is a summary of how long checks took, in milliseconds.
type Latency struct {
	Min  float64 `json:"min"`
	Mean float64 `json:"mean"`
	Max  float64 `json:"max"`
}

// probe checks an endpoint again and again.
type probe struct {
	endpoint  endpoint
	interval  time.Duration
	timeout   time.Duration
	count     int
	threshold int
}

func newProbe(c ProbeConfig) (task.Task, error) {
	if c.Count < 0 || c.Threshold < 0 {
		return nil, errors.New("count and threshold must not be negative")
	}
	if c.Interval < 0 || c.Timeout < 0 {
		return nil, errors.New("interval and timeout must not be negative")
	}
	p := &probe{
		interval:  cmp.Or(time.Duration(c.Interval), defaultInterval),
		timeout:   cmp.Or(time.Duration(c.Timeout), defaultTimeout),
		count:     c.Count,
		threshold: cmp.Or(c.Threshold, defaultThreshold),
	}
	if p.count > 0 {
		p.threshold = min(p.threshold, p.count)
	}
	var err error
	switch {
	case c.URL != "" && c.TCP == "":
		p.endpoint, err = newHTTPEndpoint(c.URL)
	case c.TCP != "" && c.URL == "":
		p.endpoint, err = newTCPEndpoint(c.TCP)
	default:
		err = errors.New("give exactly one of url and tcp")
	}
	return p, err
}

// Run makes the checks. The first success makes the task ready.
func (p *probe) Run(ctx context.Context) (any, error) {
	var t tally
	for {
		next := time.Now().Add(p.interval)
		c := p.check(ctx)
		if ctx.Err() != nil {
			return t.result(), context.Cause(ctx)
		}
		t.add(c)
		if c.err == nil {
			task.Ready(ctx)
		}
		task.Progress(ctx, int64(t.checks), int64(p.count), p.message(c, t.row))
		switch {
		case t.row == p.threshold:
			return t.result(), p.failure(c, t.row)
		case t.checks == p.count:
			return t.result(), nil
		}
		if err := task.Sleep(ctx, time.Until(next)); err != nil {
			return t.result(), err
		}
	}
}

// check makes one check, off the event loop.
func (p *probe) check(ctx context.Context) check {
	c, _ := task.Await(ctx, func(ctx context.Context) (check, error) {
		ctx, cancel := context.WithTimeout(ctx, p.timeout)
		defer cancel()
		start := time.Now()
		status, err := p.endpoint.check(ctx)
		c := check{status: status, err: err, took: time.Since(start)}
		if ctx.Err() == context.DeadlineExceeded && err != nil {
			c.err = fmt.Errorf("no answer within %v", p.timeout)
		}
		return c, nil
	})
	return c
}

// message is the progress after a check, with row misses in a row.
func (p *probe) message(c check, row int) string {
	if c.err != nil {
		return fmt.Sprintf("miss %d/%d: %v", row, p.threshold, c.err)
	}
	unit := time.Millisecond
	if c.took < 10*time.Millisecond {
		unit = 10 * time.Microsecond
	}
	return fmt.Sprintf("%s %v", c.status, c.took.Round(unit))
}

// failure is the task's error after row misses in a row.
func (p *probe) failure(c check, row int) error {
	if row == 1 {
		return fmt.Errorf("%v missed: %w", p.endpoint, c.err)
	}
	return fmt.Errorf("%v missed %d times in a row, the last time: %w", p.endpoint, row, c.err)
}
