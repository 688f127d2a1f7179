package readiness

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var errTry = errors.New("not yet")

func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		err := poll(t.Context(), func(context.Context) error {
			if at = append(at, time.Since(begin)); len(at) < 8 {
				return errTry
			}
			return nil
		})
		want := []time.Duration{0, 50e6, 150e6, 350e6, 750e6, 1550e6, 2550e6, 3550e6}
		if err != nil || !slices.Equal(at, want) {
			t.Errorf("tries were at %v, with %v at last; want %v", at, err, want)
		}
	})
}

func TestATryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		tries := 0
		err := poll(ctx, func(ctx context.Context) error {
			tries++
			<-ctx.Done()
			return ctx.Err()
		})
		// The third try, from 4.15 s on, is interrupted.
		if !errors.Is(err, errSlow) || tries != 3 || time.Since(begin) != 5*time.Second {
			t.Errorf("%v after %d tries in %v, want %v", err, tries, time.Since(begin), errSlow)
		}
	})
}

func TestAPauseEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 160*time.Millisecond)
		defer cancel()
		err := poll(ctx, func(context.Context) error { return errTry })
		if err != errTry || time.Since(begin) != 160*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}

// A dial that fails by ctx's deadline may do so before ctx says that it is over.
func TestATryThatKeepsTheDeadlineItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := once(t.Context(), func(ctx context.Context) error {
			deadline, _ := ctx.Deadline()
			for time.Now().Before(deadline) {
				time.Sleep(time.Until(deadline)) // wakes beside ctx's own timer
			}
			return errTry
		})
		if err != errSlow {
			t.Errorf("error is %v, want %v", err, errSlow)
		}
	})
}

func TestAnInterruptedTryIsNoReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		tries := 0
		err := poll(ctx, func(ctx context.Context) error {
			if tries++; tries == 1 {
				return errTry
			}
			cancel()
			return ctx.Err()
		})
		if err != errTry || tries != 2 {
			t.Errorf("%v after %d tries, want %v after 2", err, tries, errTry)
		}
		never := func(context.Context) error { t.Error("a try after the end of ctx"); return nil }
		if err := poll(ctx, never); err != errNoTry {
			t.Errorf("error is %v, want %v", err, errNoTry)
		}
	})
}
