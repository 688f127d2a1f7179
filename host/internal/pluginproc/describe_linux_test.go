package pluginproc_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
)

// TestDescribeFails: of a plugin that came up and does not say what it offers, the error
// says how it ended, and what it said last.
func TestDescribeFails(t *testing.T) {
	for role, c := range map[string]struct {
		want   string
		status int // exit status, where it ended by itself
	}{
		"exits when asked":  {"it ended when it was asked what it offers, with exit status 9 (stderr: database is locked)", 9},
		"killed when asked": {"it was killed by signal 9 (killed) when it was asked what it offers", -1},
		"hangs when asked":  {"it came up, but does not answer: no time left (stderr: here)", -1},
		"cannot say":        {"it came up, but does not say what it offers: describe: no such service", -1},
	} {
		t.Run(role, func(t *testing.T) {
			leavesNothing(t)
			book := &logbook{}
			ctx, cancel := context.WithCancelCause(t.Context())
			var waiting sync.WaitGroup
			if role == "hangs when asked" {
				here := book.watch("here")
				waiting.Go(func() { <-here; cancel(errHurry) })
			}
			_, err := pluginproc.Describe(ctx, configOf(t, book, as(role)))
			var failed *pluginproc.LaunchError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("the error is a %T: %v, want %q in it", err, err, c.want)
			}
			if itself := strings.HasSuffix(role, "ed when asked") || c.status > 0; failed.Exited != itself || itself && failed.Exit.Code != c.status {
				t.Errorf("Exited is %v, with %v", failed.Exited, failed.Exit)
			}
			waiting.Wait()
			cancel(nil)
		})
	}
}

func TestDescribe(t *testing.T) {
	leavesNothing(t)
	d, err := pluginproc.Describe(t.Context(), configOf(t, &logbook{}, as("good")))
	if err != nil || len(d.Kinds) == 0 {
		t.Errorf("Describe = %+v, %v", d, err)
	}
}
