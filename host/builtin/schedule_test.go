package builtin

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// script is an endpoint without a network. Each check takes the next of its
// durations and misses if that is negative; after the last it cancels the task.
type script struct {
	durations []time.Duration
	begin     time.Time
	at        []time.Duration // when each check began, from begin
	cancel    context.CancelCauseFunc
}

func (s *script) String() string { return "script" }

func (s *script) check(ctx context.Context) (string, error) {
	s.at = append(s.at, time.Since(s.begin))
	if len(s.durations) == 0 {
		s.cancel(task.ErrStopped)
		return "", ctx.Err()
	}
	d := s.durations[0]
	s.durations = s.durations[1:]
	if err := task.Sleep(ctx, d.Abs()); err != nil {
		return "", err
	}
	if d < 0 {
		return "", errors.New("down")
	}
	return "up", nil
}

// runScript runs a probe with an interval of 1 s, a timeout of 5 s and a
// threshold of 3.
func runScript(t *testing.T, durations ...time.Duration) (*script, ProbeResult, error) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	s := &script{durations: durations, begin: time.Now(), cancel: cancel}
	p := &probe{endpoint: s, interval: defaultInterval, timeout: defaultTimeout, threshold: defaultThreshold}
	result, err := p.Run(ctx)
	return s, result.(ProbeResult), err
}

func TestProbeKeepsItsInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		s, result, err := runScript(t, 100*ms, 400*ms, 2500*ms, 10*ms)
		if !errors.Is(err, task.ErrStopped) {
			t.Errorf("error is %v, want ErrStopped", err)
		}
		want := []time.Duration{0, 1000 * ms, 2000 * ms, 4500 * ms, 5500 * ms}
		for i := range want {
			if s.at[i] != want[i] {
				t.Fatalf("checks began at %v, want %v", s.at, want)
			}
		}
		if l := result.Latency; result.Checks != 4 || l != (Latency{Min: 10, Mean: 752.5, Max: 2500}) {
			t.Errorf("result is %+v", result)
		}
	})
}

func TestProbeForgivesMissesThatAreNotInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, result, err := runScript(t, -1, -1, 1, -1, -1, 1)
		if !errors.Is(err, task.ErrStopped) || result.Checks != 6 || result.Misses != 4 {
			t.Errorf("ended with %+v, %v", result, err)
		}
	})
}

func TestProbeCountsATimeoutAsAMiss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, result, err := runScript(t, time.Hour, time.Hour, time.Hour)
		if want := "script missed 3 times in a row, the last time: no answer within 5s"; err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
		if result.Misses != 3 || result.Latency != (Latency{}) || s.at[2] != 2*defaultTimeout {
			t.Errorf("result is %+v, checks at %v", result, s.at)
		}
	})
}
