package readiness_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/readiness"
)

var up = regexp.MustCompile(`^up \d+$`)

// text is a handler of level warn that writes to out.
func text(out io.Writer) slog.Handler {
	return slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn})
}

func TestWatchLogSeesOneLineOnce(t *testing.T) {
	for name, derive := range map[string]func(*slog.Logger) *slog.Logger{
		"itself":     func(l *slog.Logger) *slog.Logger { return l },
		"with attrs": func(l *slog.Logger) *slog.Logger { return l.With("a", 1) },
		"with group": func(l *slog.Logger) *slog.Logger { return l.WithGroup("g").With("a", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			seen := 0
			log := slog.New(readiness.WatchLog(text(&out), up, func() { seen++ }))
			derived := derive(log)
			derived.Error("not up 1")
			derived.Error("", "msg", "up 1")
			if seen != 0 {
				t.Fatal("seen in what does not match")
			}
			derived.Debug("up 1") // below the level of next
			if seen != 1 || strings.Contains(out.String(), "DEBUG") {
				t.Fatalf("seen %d times, with this passed on:\n%s", seen, &out)
			}
			log.Error("up 2")
			derived.Error("up 3")
			derived.Info("up 4")
			if seen != 1 || strings.Count(out.String(), "\n") != 4 {
				t.Errorf("seen %d times, with this passed on:\n%s", seen, &out)
			}
		})
	}
}

func TestWatchLogIsEnabledWhileItWatches(t *testing.T) {
	handler := readiness.WatchLog(text(io.Discard), up, func() {})
	group := handler.WithGroup("g")
	if !handler.Enabled(t.Context(), slog.LevelDebug) || !group.Enabled(t.Context(), slog.LevelDebug) {
		t.Error("a level is off")
	}
	slog.New(handler).Debug("up 1")
	for level, want := range map[slog.Level]bool{slog.LevelInfo: false, slog.LevelWarn: true} {
		if handler.Enabled(t.Context(), level) != want || group.Enabled(t.Context(), level) != want {
			t.Errorf("after the line, %v is not as in next", level)
		}
	}
}

func TestWatchLogFromManyGoroutines(t *testing.T) {
	var seen atomic.Int32
	log := slog.New(readiness.WatchLog(slog.DiscardHandler, up, func() { seen.Add(1) }))
	var loggers sync.WaitGroup
	for i := range 50 {
		loggers.Go(func() { log.With("i", i).Info("up 1") })
	}
	loggers.Wait()
	if n := seen.Load(); n != 1 {
		t.Errorf("seen %d times", n)
	}
}

func TestWatchLogPassesTheRecordOnFirst(t *testing.T) {
	var out bytes.Buffer
	var log *slog.Logger
	log = slog.New(readiness.WatchLog(text(&out), up, func() { log.Warn("up 2") })) // seen may log
	log.Warn("up 1")
	if first, second := strings.Index(out.String(), "up 1"), strings.Index(out.String(), "up 2"); first < 0 || second < first {
		t.Errorf("logged in this order:\n%s", &out)
	}
}

// failing is a handler whose records are all lost.
type failing struct{ slog.Handler }

var errLost = errors.New("lost")

func (failing) Enabled(context.Context, slog.Level) bool  { return true }
func (failing) Handle(context.Context, slog.Record) error { return errLost }

func TestWatchLogReturnsTheErrorOfNext(t *testing.T) {
	seen := false
	handler := readiness.WatchLog(failing{slog.DiscardHandler}, up, func() { seen = true })
	err := handler.Handle(t.Context(), slog.NewRecord(time.Now(), slog.LevelInfo, "up 1", 0))
	if !errors.Is(err, errLost) || !seen {
		t.Errorf("Handle gave %v, seen %v", err, seen)
	}
}

func TestWatchLogIsAProperHandler(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return readiness.WatchLog(slog.NewJSONHandler(&out, nil), up, func() {})
	}, func(t *testing.T) map[string]any {
		record := map[string]any{}
		if err := json.Unmarshal(out.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		return record
	})
}
