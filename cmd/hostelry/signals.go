package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/view"
	"github.com/hostelry-run/hostelry/host"
)

// signals turns SIGINT, SIGTERM and SIGHUP into a graceful stop, and the second one into
// the end: what still runs is killed, and the process exits. An output that breaks
// stops the run as well.
type signals struct {
	ctx    context.Context // ends with the first signal; its cause is a *signalError
	cancel context.CancelCauseFunc

	received chan os.Signal
	broken   <-chan error
	last     atomic.Int32 // number of the last signal, or 0
	done     chan struct{}
	watching sync.WaitGroup

	mu     sync.Mutex
	runner *host.Runner // nil until it is started
	view   view.View
}

// signalError is the cause of a stop by a signal.
type signalError struct{ signal os.Signal }

func (e *signalError) Error() string { return fmt.Sprintf("stopped by signal: %v", e.signal) }

// outputError is the cause of a stop because nobody reads the output any more.
type outputError struct{ err error }

func (e *outputError) Error() string { return fmt.Sprintf("cannot write the output: %v", e.err) }

// watchSignals begins to watch. The caller calls end.
func watchSignals(broken <-chan error) *signals {
	s := &signals{received: make(chan os.Signal, 2), broken: broken, done: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	signal.Notify(s.received, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // which nohup says; else a terminal that closes ends the run
		signal.Notify(s.received, syscall.SIGHUP)
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // so that a write fails instead
	s.watching.Go(s.watch)                                  // ends with end
	return s
}

// end ends the watching.
func (s *signals) end() {
	close(s.done)
	s.watching.Wait()
	signal.Stop(s.received)
	s.cancel(nil)
}

// started makes the runner and its view known: from now on there is something to
// stop.
func (s *signals) started(r *host.Runner, v view.View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runner, s.view = r, v
}

// echo is how long the same signal is taken for an echo of the first: timeout(1)
// signals the process and at once its group too. Nothing is to be seen of the first
// until then, so that whoever answers what is seen comes after it.
const echo = 10 * time.Millisecond

func (s *signals) watch() {
	var first os.Signal
	var listening <-chan time.Time // when the echo of the first signal is over
	for {
		select {
		case <-s.done:
			return
		case err := <-s.broken:
			s.cancel(&outputError{err})
			s.tell(fmt.Sprintf("hostelry: %v: stopping the tasks", &outputError{err}))
		case received := <-s.received:
			n := number(received)
			switch {
			case s.last.CompareAndSwap(0, n):
				first, listening = received, time.After(echo)
			case listening == nil || s.last.Load() != n:
				s.last.Store(n)
				s.cancel(&signalError{received})
				s.kill()
			}
		case <-listening:
			listening = nil
			s.cancel(&signalError{first})
			s.tell("hostelry: stopping the tasks; a second signal kills them")
		}
	}
}

// tell tells the user what is going on, if a run is on its way, on a goroutine that
// ends when stderr has taken the line.
func (s *signals) tell(text string) {
	s.mu.Lock()
	v := s.view
	s.mu.Unlock()
	if v != nil {
		s.watching.Go(func() { v.Notice(text) })
	}
}

// kill kills the tasks, gives the command a moment to say how they ended, and
// exits in any case: nobody may be reading the output, and then neither a task
// that logs nor the command comes to an end.
func (s *signals) kill() {
	s.mu.Lock()
	r := s.runner
	s.mu.Unlock()
	if r != nil {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		killed := make(chan struct{})
		go func() { // ends when the tasks have, or with the process
			defer close(killed)
			_ = r.Stop(now) // the summary has it
		}()
		if s.ended(killed, 2*time.Second) {
			return
		}
	}
	os.Exit(exitSignal(s.last.Load()))
}

// ended reports whether the command comes to its end: within the patience, and
// within a second after the tasks were killed.
func (s *signals) ended(killed <-chan struct{}, patience time.Duration) bool {
	last := time.NewTimer(patience)
	defer last.Stop()
	for {
		select {
		case <-s.done:
			return true
		case <-last.C:
			return false
		case <-killed:
			killed = nil
			last.Reset(time.Second)
		}
	}
}

// status is the exit status that the cause of a stop stands for, if err is one.
func (s *signals) status(err error) (int, bool) {
	var signalled *signalError
	var output *outputError
	switch {
	case errors.As(err, &signalled):
		return exitSignal(s.last.Load()), true
	case errors.As(err, &output):
		return exitFailed, true
	}
	return 0, false
}

func exitSignal(n int32) int { return 128 + int(n) }

// number is the signal's number.
func number(received os.Signal) int32 {
	if n, ok := received.(syscall.Signal); ok {
		return int32(n)
	}
	return 0
}
