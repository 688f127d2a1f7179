package conformance

import (
	"context"
	"maps"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

// session is one attempt, driven by a check as by a host.
type session struct {
	instance  Instance // that it runs in
	stream    grpc.BidiStreamingClient[taskpb.RunRequest, taskpb.RunResponse]
	cancel    context.CancelFunc
	listening sync.WaitGroup
	mute      bool          // it answers no checkpoint
	closing   time.Duration // how long it waits for the end of the stream after the last word

	sending sync.Mutex // a stream takes one Send at a time
	hungUp  bool       // and none after its end

	mu      sync.Mutex
	said    transcript
	changed chan struct{} // closed, and made anew, when said changes
}

// open opens a Run stream in an instance and sends the first message. The caller must
// close the session.
func open(ctx context.Context, instance Instance, first *taskpb.RunRequest, mute bool, mask func(string) string) (*session, error) {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := client(instance.Conn()).Run(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	s := &session{instance: instance, stream: stream, cancel: cancel, mute: mute, closing: closing, changed: make(chan struct{})}
	s.said.mask = mask
	s.send(first)
	s.listening.Go(s.listen) // ends with the stream, which close ends
	return s, nil
}

// close ends the stream, if the plugin has not.
func (s *session) close() {
	s.cancel()
	s.listening.Wait()
}

func (s *session) listen() {
	for {
		m, err := s.stream.Recv()
		s.note(m, err)
		if err != nil {
			return
		}
		if c := m.GetCheckpoint(); c != nil && !s.mute {
			s.send(&taskpb.RunRequest{Message: &taskpb.RunRequest_CheckpointAck{
				CheckpointAck: &taskpb.CheckpointAck{Sequence: c.GetSequence()},
			}})
		}
	}
}

func (s *session) note(m *taskpb.RunResponse, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.said.end(err)
	} else {
		s.said.hear(m)
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// send sends a message. If it cannot be sent, the stream has ended, and the
// transcript says how.
func (s *session) send(m *taskpb.RunRequest) {
	s.sending.Lock()
	defer s.sending.Unlock()
	if !s.hungUp {
		_ = s.stream.Send(m)
	}
}

// stop asks the task to stop.
func (s *session) stop(grace time.Duration) {
	s.mu.Lock()
	s.said.stopped = s.said.finished == nil
	s.mu.Unlock()
	s.send(&taskpb.RunRequest{Message: &taskpb.RunRequest_Stop{Stop: &taskpb.Stop{Grace: durationpb.New(grace)}}})
}

// hangUp ends the host's side of the stream.
func (s *session) hangUp() {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.hungUp = true
	_ = s.stream.CloseSend()
}

// transcript is what was said so far.
func (s *session) transcript() transcript {
	s.mu.Lock()
	defer s.mu.Unlock()
	said := s.said
	said.faults = maps.Clone(said.faults)
	return said
}

// await waits until the condition holds, and reports whether it did within the time.
func (s *session) await(d time.Duration, condition func(*transcript) bool) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		s.mu.Lock()
		holds, changed := condition(&s.said), s.changed
		s.mu.Unlock()
		if holds {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// awaitBegun waits until the task has started, or will not.
func (s *session) awaitBegun(d time.Duration) bool {
	return s.await(d, func(t *transcript) bool { return t.started || t.finished != nil || t.over })
}

// awaitEnd waits until the plugin has given its last word and then, for no longer than
// it may take to say so, until the stream has ended.
func (s *session) awaitEnd(d time.Duration) bool {
	if !s.await(d, hasEnded) {
		return false
	}
	if !s.await(s.closing, func(t *transcript) bool { return t.over }) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.said.fault(lastWord, "the stream is still open %v after finished", closing)
	}
	return true
}

// forgive forgets a breach that was none.
func (s *session) forgive(check string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.said.faults, check)
}

// closing is how long a plugin may take to end a stream after its last word.
const closing = 2 * time.Second
