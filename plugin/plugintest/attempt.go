package plugintest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// Attempt is one execution of a task. [Host.Start] begins it; its methods are called
// from the test's goroutine.
type Attempt struct {
	t       testing.TB
	kind    string
	attempt *attempt.Attempt
	records *records

	running sync.WaitGroup // the goroutines of the task and of its stop
	done    chan struct{}  // closed after end is set
	end     attempt.End

	stopping sync.Once
	asked    bool          // to stop
	overdue  chan struct{} // closed when the grace of a stop is over
	seen     bool          // the test knows how it ended, or that it does not
}

// finish is the attempt's last act.
func (a *Attempt) finish(end attempt.End) {
	a.end = end
	close(a.done)
}

// Stop asks the task to stop, as a host does: its Stop method first, if it is a
// task.Stopper, and then by its ctx, whose cause is task.ErrStopped. It does not wait
// for the task's end: Wait does. The first call counts.
func (a *Attempt) Stop() {
	a.stopping.Do(func() {
		select {
		case <-a.done:
			return // by itself, before it was asked
		default:
		}
		a.asked = true
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		timer := time.AfterFunc(grace, func() { close(a.overdue) })
		a.running.Go(func() { // ends with the task's Stop
			a.attempt.Stop(ctx, task.ErrStopped)
			<-a.done
			timer.Stop()
			cancel()
		})
	})
}

// Wait waits until the task has ended, decodes what it returned into result, a
// pointer, and returns how the task failed. A nil result is none to look at.
//
// A task that succeeded, or was stopped and ended as a stopped task does, gives nil.
// Else the error is the task's own: errors.Is finds task.ErrBadConfig if the kind
// refused its config, task.ErrBadResult if what it returned does not encode or not
// decode into result; errors.As finds a *task.PanicError for a panic and a Goexit.
//
// It fails the test at once if the task does not end within 5 seconds after it was
// asked to stop. One that was not asked has all the time that the test has.
func (a *Attempt) Wait(result any) error {
	a.t.Helper()
	select {
	case <-a.done:
	case <-a.overdue:
		a.seen = true
		a.t.Fatal(a.stubborn())
	}
	a.running.Wait()
	if p := a.end.Panic; p != nil && !a.seen {
		a.t.Logf("plugintest: the task of kind %q: %v\n%s", a.kind, p, p.Stack)
	}
	a.seen = true
	if result != nil && a.end.Result != nil {
		if err := json.Unmarshal(a.end.Result, result); err != nil && a.err() == nil {
			return fmt.Errorf("%w: %s does not decode into a %T: %w", task.ErrBadResult, a.end.Result, result, err)
		}
	}
	return a.err()
}

// err is how the task failed.
func (a *Attempt) err() error {
	if a.asked && a.end.Clean {
		return nil
	}
	return a.end.Err
}

// WaitReady waits until the task has called task.Ready. It fails the test at once if
// the task ends without.
func (a *Attempt) WaitReady() {
	a.t.Helper()
	select {
	case <-a.records.ready:
		return
	case <-a.done:
	}
	select {
	case <-a.records.ready:
	default:
		a.t.Fatalf("plugintest: the task of kind %q ended without a call of task.Ready: %v", a.kind, a.end.Err)
	}
}

// Progress is what the task has reported by task.Progress so far, the oldest first.
func (a *Attempt) Progress() []Progress { return copied(a.records, &a.records.progress) }

// Checkpoints are what the task has given to task.Checkpoint so far, as JSON, the
// oldest first.
func (a *Attempt) Checkpoints() []json.RawMessage { return copied(a.records, &a.records.checkpoints) }

// Logs are the lines that the task has logged by task.Logger so far, the oldest
// first, as slog's text handler writes them, without the time:
// `level=INFO msg="3 files" dir=/tmp`. The test's output shows them too.
func (a *Attempt) Logs() []string { return copied(a.records, &a.records.logs) }

// cleanUp ends an attempt with its test.
func (a *Attempt) cleanUp() {
	defer a.records.close()
	a.Stop()
	select {
	case <-a.done:
	case <-a.overdue:
		if !a.seen {
			a.t.Error(a.stubborn())
		}
		return
	}
	a.running.Wait()
	if p := a.end.Panic; p != nil && !a.seen {
		a.t.Errorf("plugintest: the task of kind %q failed, and nobody waited for it: %v\n%s", a.kind, p, p.Stack)
	}
}

func (a *Attempt) stubborn() string {
	return fmt.Sprintf("plugintest: the task of kind %q still runs %v after it was asked to stop. A host would kill its "+
		"process now, and abandon it in the other modes: let its Run return when its ctx is done", a.kind, grace)
}
