package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// forever is longer than any host waits.
const forever = 365 * 24 * time.Hour

// way is one way to misbehave.
type way struct {
	name  string
	run   func(context.Context, misbehaviour) (any, error)
	stop  func() error
	lasts time.Duration // the default of config.Lasts
	size  int           // the default of config.Size
}

// ways are all of them, in the order of config.How's enum.
func ways() []way {
	return []way{
		{name: "fail", run: fail},
		{name: "panic", run: panics},
		{name: "goexit", run: goexit},
		{name: "exit", run: exit},
		{name: "signal", run: signal},
		{name: "hang", run: hang, lasts: forever},
		{name: "ignore-stop", run: ignoreStop, lasts: forever},
		{name: "flood", run: flood, size: 80},
		{name: "garbage", run: garbage, size: 1 << 20},
		{name: "bad-result", run: badResult},
		{name: "leak-grandchild", run: leakGrandchild, lasts: time.Hour},
		{name: "busy", run: busy, lasts: 30 * time.Second},
		{name: "stop-error", run: wait, stop: stopError},
		{name: "slow-stop", run: slowStop, lasts: 2 * time.Second},
	}
}

func fail(context.Context, misbehaviour) (any, error) { return nil, errors.New("failed, as asked") }

func panics(context.Context, misbehaviour) (any, error) { panic("panicked, as asked") }

func goexit(context.Context, misbehaviour) (any, error) {
	runtime.Goexit()
	return nil, nil
}

// exit ends the whole process: in the modes without a process of the task's own,
// that is the host.
func exit(_ context.Context, m misbehaviour) (any, error) {
	os.Exit(m.code)
	return nil, nil
}

// signal kills the process: with SIGKILL, where there are signals.
func signal(ctx context.Context, m misbehaviour) (any, error) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return nil, err
	}
	if err := self.Kill(); err != nil {
		return nil, err
	}
	return wait(ctx, m) // a signal may take a moment
}

// wait behaves well: it does nothing until it is stopped.
func wait(ctx context.Context, _ misbehaviour) (any, error) {
	return nil, task.Sleep(ctx, forever)
}

// hang does nothing, stopped or not. In async mode it leaves the loop to others.
func hang(ctx context.Context, m misbehaviour) (any, error) {
	return nil, task.Sleep(context.WithoutCancel(ctx), m.lasts)
}

// ignoreStop works on and logs, stopped or not.
func ignoreStop(ctx context.Context, m misbehaviour) (any, error) {
	for end := time.Now().Add(m.lasts); time.Now().Before(end); {
		task.Logger(ctx).Info("still here", "stopped", ctx.Err() != nil)
		_ = task.Sleep(context.WithoutCancel(ctx), 200*time.Millisecond)
	}
	return nil, nil
}

// flood logs as fast as it can.
func flood(ctx context.Context, m misbehaviour) (any, error) {
	text := strings.Repeat("x", m.size)
	for n := 1; m.lines == 0 || n <= m.lines; n++ {
		if err := task.Yield(ctx); err != nil {
			return nil, err
		}
		task.Logger(ctx).Info(text, "line", n)
	}
	return nil, nil
}

// garbage prints what no log line looks like.
func garbage(_ context.Context, m misbehaviour) (any, error) {
	return nil, errors.Join(printGarbage(os.Stdout, m.size), printGarbage(os.Stderr, m.size))
}

func printGarbage(w io.Writer, size int) error {
	for _, text := range []string{
		"plain text\n",
		"a line of DOS\r\n",
		"a line\rover another\n",
		"\n\n\n",
		"\x00\x01\x02\x7f\x80\xfe\xff\n",
		"\x1b[31mred, with no way back\n",
		`{"@level":1}` + "\n", // like a line of hclog, but it is none
		`{"@level":"info","@message":` + "\n",
		`{"@level":"info","@message":{"not":"text"},"@timestamp":"yesterday"}` + "\n",
		"[]\n", "null\n", "1e999\n",
		"1|1|tcp|127.0.0.1:1|grpc|\n", // like a handshake
		strings.Repeat("long ", size/len("long ")) + "\n",
		strings.Repeat("\xff", size) + "\n",
		"no newline at the end",
	} {
		if _, err := io.WriteString(w, text); err != nil {
			return fmt.Errorf("print garbage: %w", err)
		}
	}
	return nil
}

// badResult returns what does not encode as JSON.
func badResult(context.Context, misbehaviour) (any, error) { return func() {}, nil }

// busy computes, and neither looks at ctx nor yields. In async mode it holds the
// event loop.
func busy(_ context.Context, m misbehaviour) (any, error) {
	var sum [sha256.Size]byte
	for end := time.Now().Add(m.lasts); time.Now().Before(end); {
		sum = sha256.Sum256(sum[:])
	}
	return hex.EncodeToString(sum[:]), nil
}

func stopError() error { return errors.New("did not stop well, as asked") }

// slowStop takes its time when it is stopped.
func slowStop(ctx context.Context, m misbehaviour) (any, error) {
	cause := task.Sleep(ctx, forever)
	_ = task.Sleep(context.WithoutCancel(ctx), m.lasts)
	return nil, cause
}
