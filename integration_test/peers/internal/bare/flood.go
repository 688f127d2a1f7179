package bare

import (
	"errors"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// Streams of messages from a task to its host.

// flood sends each report.
func (s *stream) flood() error {
	if err := s.PassGate(s.Context()); err != nil {
		return err
	}
	r := s.newReport()
	for i := 1; s.GoesOn(i); i++ {
		if err := s.SendMsg(r.set(s.Done(i), int64(s.Count))); err != nil {
			return err
		}
	}
	return s.SendMsg(s.Finished)
}

// pause is how long after a report the next is sent by newest: as long as by ours.
const pause = 5 * time.Millisecond

// newest keeps the newest report only, and sends it after each pause: what somebody
// would write whose host shows no more.
func (s *stream) newest() error {
	if err := s.PassGate(s.Context()); err != nil {
		return err
	}
	var mu sync.Mutex
	var done int64 // of the newest report
	send := func(r report) error {
		mu.Lock()
		newest := done
		mu.Unlock()
		return s.SendMsg(r.set(newest, int64(s.Count)))
	}
	enough, sent := make(chan struct{}), make(chan error, 1)
	go func() { sent <- s.each(pause, enough, send) }() // ends with enough
	for i, ctx := 1, s.Context(); s.GoesOn(i) && ctx.Err() == nil; i++ {
		mu.Lock()
		done = s.Done(i)
		mu.Unlock()
	}
	close(enough)
	return errors.Join(<-sent, s.SendMsg(s.Finished))
}

// each calls send after each pause, and once more when it is enough.
func (s *stream) each(pause time.Duration, enough <-chan struct{}, send func(report) error) error {
	r := s.newReport()
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-enough:
			return send(r)
		case <-ticker.C:
			if err := send(r); err != nil {
				return err
			}
		}
	}
}

// lines sends a log record, the same one again and again.
func (s *stream) lines() error {
	m, err := s.line(s.Count)
	if err == nil {
		err = s.PassGate(s.Context())
	}
	for i := 1; err == nil && s.GoesOn(i); i++ {
		err = s.SendMsg(m)
	}
	if err != nil {
		return err
	}
	return s.SendMsg(s.Finished)
}

// hclog logs as go-plugin's plugins do: to stderr, which go-plugin's host reads.
func (s *stream) hclog() error {
	if err := s.PassGate(s.Context()); err != nil {
		return err
	}
	for i := 1; s.GoesOn(i); i++ {
		s.log.Info(errand.LogLine, errand.LogNumber, i)
	}
	return s.SendMsg(s.Finished)
}
