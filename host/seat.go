package host

import (
	"context"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// seat is an attempt's place in a plugin process. Its holder leaves it once.
type seat struct {
	worker *worker
	task   string // the id of the attempt's task
	fresh  bool   // the process was launched for it

	// Under the lock of processes:
	left     bool
	insisted bool // its own holder did
}

func (s *seat) client() *wire.Client { return s.worker.process.Client() }

func (s *seat) processes() *processes { return s.worker.pool.processes }

// await waits until the process is up. If ctx ends first, or the launch fails, the seat
// is given back.
func (s *seat) await(ctx context.Context) (*seat, error) {
	w := s.worker
	select {
	case <-w.up:
	case <-ctx.Done():
		if s.giveBack(context.Cause(ctx)) { // others wait on
			return nil, &pluginproc.LaunchError{
				Path: w.pool.path,
				Err:  fmt.Errorf("it did not come up in time: %w; raise the start timeout if it needs longer", context.Cause(ctx)),
			}
		}
		<-w.up // or not, and nothing is left of it
	}
	if w.err != nil {
		return nil, w.err
	}
	return s, nil
}

// giveBack gives back the seat in a process that may not be up yet. It reports false if
// nobody else waits for it: then the seat is kept and the launch cancelled.
func (s *seat) giveBack(cause error) bool {
	w := s.worker
	s.processes().mu.Lock()
	defer s.processes().mu.Unlock()
	if w.seats > 1 {
		w.seats--
		return true
	}
	w.pool.dropLocked(w)
	w.cancel(cause)
	return false
}

// leave gives the seat back. The last one to leave a process that is not to wait for
// others sees it off. The task has finished, or what becomes of it is not known.
func (s *seat) leave(finished bool) {
	w := s.worker
	s.processes().mu.Lock()
	s.left = true
	w.doubted = w.doubted || !finished
	w.seats--
	empty := w.seats == 0
	rests := empty && w.restLocked()
	s.processes().mu.Unlock()
	if empty {
		w.settle(rests)
	}
	w.pool.refill()
}

// isSecondHand reports whether the process was there before its holder came, and still is.
func (s *seat) isSecondHand() bool { return !s.fresh && s.worker.process.Serves() }

// shun has nobody else take a seat in the process.
func (s *seat) shun() {
	s.processes().mu.Lock()
	defer s.processes().mu.Unlock()
	s.worker.pool.dropLocked(s.worker)
}

// insist kills the process, and does not wait. If others are in it, it does so only if
// the task was asked to stop before, or if the process is frozen: else it reports false.
func (s *seat) insist(asked bool) bool {
	w := s.worker
	s.processes().mu.Lock()
	defer s.processes().mu.Unlock()
	if s.left {
		return true
	}
	if w.seats > 1 && !asked && !w.unanswering {
		return false
	}
	s.insisted = true
	s.condemnLocked()
	go w.process.Kill() // ends with the process
	return true
}

// condemnLocked lets nobody else in, and notes for whose sake the process is killed.
func (s *seat) condemnLocked() {
	w := s.worker
	w.pool.dropLocked(w)
	if w.killer == nil {
		w.killer = s
	}
}

// giveUp is for a task of which nobody will know how it ends: its process, if no other
// one is in it, is killed. If others are, it takes no more, and is seen off when the last
// one has left.
func (s *seat) giveUp() {
	w := s.worker
	s.processes().mu.Lock()
	w.pool.dropLocked(w)
	alone := w.seats == 1
	if alone {
		s.condemnLocked()
	}
	s.processes().mu.Unlock()
	if alone {
		w.process.Kill()
	}
}

// mourn finds out why the plugin gave no last word. It waits so long for the process's
// death, which most often has come already.
func (s *seat) mourn(patience time.Duration) *processEnd {
	w := s.worker
	gaveUp := false
	if !s.dead() {
		select {
		case <-w.process.Done():
		case <-time.After(patience):
			s.giveUp()
			gaveUp = true
		}
	}
	if !s.dead() {
		return &processEnd{outcome: OutcomeLost, exitCode: -1, words: "its process lives on, with other tasks"}
	}
	exit, stderr := w.process.Exit(), w.process.Stderr()
	s.processes().mu.Lock()
	defer s.processes().mu.Unlock()
	switch {
	case gaveUp && exit.Killed && !s.insisted: // else its end was noticed late
		return &processEnd{outcome: OutcomeLost, exitCode: -1, stderr: stderr}
	case exit.Killed && w.killer != nil && w.killer != s && !s.insisted:
		return &processEnd{
			outcome: OutcomeLost, exitCode: -1, signal: signalName(exit), stderr: stderr, words: w.killedForLocked(w.killer),
		}
	case exit.Signal != 0:
		return &processEnd{outcome: OutcomeSignalled, exitCode: exit.Code, signal: signalName(exit), stderr: stderr}
	default:
		return &processEnd{outcome: OutcomeExited, exitCode: exit.Code, stderr: stderr}
	}
}

// dead reports whether the process is: then how it ended is known.
func (s *seat) dead() bool {
	select {
	case <-s.worker.process.Done():
		return true
	default:
		return false
	}
}
