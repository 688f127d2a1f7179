package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"slices"

	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

// howKey names, in the plugin's environment, the row of the table that it acts.
// Without it the plugin is a decent one.
const howKey = "CHAOS_HOW"

// servePlugin is this binary as a plugin.
func servePlugin() {
	for _, r := range slices.Concat(table, apartRows) {
		if r.name == os.Getenv(howKey) {
			r.how()
			os.Exit(0)
		}
	}
	sdk(func(context.Context) (any, error) { return nil, errors.New("no such row: " + os.Getenv(howKey)) })
}

// sdk is a plugin made with package plugin, whose kind "misbehave" runs f.
func sdk(f func(context.Context) (any, error)) { sdkTask(taskFunc(f)) }

func sdkTask(misbehave task.Task) {
	plugin.Main(plugin.Info{Name: "chaos", Version: "0.1.0"},
		task.NewKind("misbehave", func(nothing) (task.Task, error) { return misbehave, nil }),
		task.NewKind("steady", func(c steady) (task.Task, error) { return c, nil }),
		task.NewKind("quick", func(c quick) (task.Task, error) { return c, nil }),
	)
}

type nothing struct{}

type taskFunc func(context.Context) (any, error)

func (f taskFunc) Run(ctx context.Context) (any, error) { return f(ctx) }

// steady is a healthy task for as long as the test holds its gate: it reports each
// byte that comes through the gate as progress, and returns their digest.
type steady struct {
	Gate string `json:"gate"`
}

func (s steady) Run(ctx context.Context) (any, error) {
	conn, err := net.Dial("unix", s.Gate)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	task.Ready(ctx)
	digest, buffer := sha256.New(), make([]byte, 1)
	for count := int64(1); ; count++ {
		_, err := conn.Read(buffer)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.Is(err, io.EOF):
			return hex.EncodeToString(digest.Sum(nil)), nil
		case err != nil:
			return nil, err
		}
		digest.Write(buffer)
		task.Progress(ctx, count, 0, "")
	}
}

// quick is a healthy task that computes, and checkpoints while it does.
type quick struct {
	Rounds int `json:"rounds"`
}

func (q quick) Run(ctx context.Context) (any, error) {
	sum := sha256.Sum256(nil)
	for round := range q.Rounds {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		sum = sha256.Sum256(sum[:])
		if err := task.Checkpoint(ctx, round); err != nil {
			return nil, err
		}
	}
	return q.result(sum), nil
}

func (q quick) result(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:]) }

// expected is what Run must return.
func (q quick) expected() string {
	sum := sha256.Sum256(nil)
	for range q.Rounds {
		sum = sha256.Sum256(sum[:])
	}
	return q.result(sum)
}
