package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/shared/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	t, err := countKind().New(json.RawMessage(`{"to": 3}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := t.Run(context.Background())
	fmt.Printf("%+v %v\n", result, err)
	// Output: {Counted:3 From:0} <nil>
}

// host keeps the checkpoint from one attempt to the next.
type host struct {
	attempt    int
	checkpoint json.RawMessage
}

func (*host) ID() string                    { return "test" }
func (h *host) Attempt() int                { return h.attempt }
func (*host) Logger() *slog.Logger          { return slog.New(slog.DiscardHandler) }
func (*host) Ready()                        {}
func (*host) Progress(int64, int64, string) {}
func (*host) Heartbeat()                    {}
func (h *host) Checkpoint(_ context.Context, data json.RawMessage) error {
	h.checkpoint = data
	return nil
}
func (h *host) Restore() json.RawMessage { return h.checkpoint }

// TestGoesOnFromItsCheckpoint: an attempt that panics, and one that goes on from
// there, freezes, and thaws since there is no watchdog.
func TestGoesOnFromItsCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h host
		attempt := func() (result any, err error) {
			h.attempt++
			c, err := countKind().New(json.RawMessage(`{"to":20,"crash":["panic","freeze"]}`))
			if err != nil {
				t.Fatal(err)
			}
			run := func() { result, err = c.Run(task.WithHost(t.Context(), &h)) }
			task.Guard(run, func(panicked *task.PanicError) {
				if panicked != nil {
					err = panicked
				}
			})
			return result, err
		}
		if _, err := attempt(); !errors.As(err, new(*task.PanicError)) || string(h.checkpoint) != "8" {
			t.Errorf("first attempt: %v, checkpoint %s, want a panic at 8", err, h.checkpoint)
		}
		if got, err := attempt(); got != (result{20, 8}) || err != nil {
			t.Errorf("second attempt: %v, %v, want 20 from 8", got, err)
		}
	})
}

func TestBadConfig(t *testing.T) {
	for config, want := range map[string]string{`{"to":1,"carsh":[]}`: "carsh", `{"to":"x"}`: "to"} {
		if _, err := countKind().New(json.RawMessage(config)); !errors.Is(err, task.ErrBadConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("config %s: got %v, want a bad config that says %q", config, err, want)
		}
	}
}
