package bare

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// savers send messages on one stream, each of which waits for its answer.
type savers struct {
	stream  *stream
	waiting chan chan struct{} // of each message, in order

	sending sync.Mutex
}

// save has as many goroutines send messages as ours.
func (s *stream) save() error {
	began := time.Now()
	all := &savers{stream: s, waiting: make(chan chan struct{}, errand.Savers)}
	var saving sync.WaitGroup
	errs := make([]error, errand.Savers+1)
	saving.Go(func() { errs[errand.Savers] = all.listen() }) // ends with the last answer, or with the stream
	for n := range errand.Savers {
		saving.Go(func() { errs[n] = all.save((s.Count + errand.Savers - 1 - n) / errand.Savers) }) // ends likewise
	}
	saving.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.finish(time.Since(began))
}

// listen passes answers on.
func (a *savers) listen() error {
	for range a.stream.Count {
		if _, err := a.stream.receive(); err != nil {
			return err
		}
		(<-a.waiting) <- struct{}{}
	}
	return nil
}

// save sends messages, one after another.
func (a *savers) save(messages int) error {
	answered := make(chan struct{}, 1)
	for range messages {
		if err := a.send(answered); err != nil {
			return err
		}
		select {
		case <-answered:
		case <-a.stream.Context().Done():
			return context.Cause(a.stream.Context())
		}
	}
	return nil
}

func (a *savers) send(answered chan struct{}) error {
	a.sending.Lock()
	defer a.sending.Unlock()
	a.waiting <- answered
	return a.stream.SendMsg(a.stream.Checkpoint)
}
