package chaos

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// protocolRows are plugins that speak the protocol badly.
var protocolRows = []row{
	{name: "finishes without Started", how: sends(finished(`1`)), want: succeeds().returns(`1`)},
	{name: "fails without Started", how: sends(failed("cannot be made")), want: launchFails("cannot be made")},
	{name: "starts twice", how: sends(started(), started(), ready(), started(), finished(`1`)), want: succeeds().returns(`1`)},
	{name: "finishes twice", how: sends(started(), finished(`1`), finished(`2`), failed("three")), want: succeeds().returns(`1`)},
	{name: "speaks after Finished", how: sends(started(), finished(`1`), progress(7), ready(), checkpoint(1, `1`), started()), want: succeeds().returns(`1`)},
	{name: "speaks before Started", how: sends(progress(3), ready(), checkpoint(1, `1`), logMessage(2, "early", ""), started(), finished(`1`)),
		want: succeeds().logs("early")},
	{name: "says everything in reverse", how: sends(checkpoint(9, `9`), checkpoint(3, `3`), heartbeat(), progress(9), progress(1), ready(), started(), finished(`1`)), want: succeeds()},
	{name: "sends unknown messages", how: sends(started(), field(99, "new"), varint(98, 5), field(15, ""), finished(`1`)), want: succeeds().returns(`1`)},
	{name: "sends unknown fields", how: sends(started(), slices.Concat(field(3, varint(77, 1)), varint(500, 1)), finished(`1`)), want: succeeds()},
	{name: "sends empty messages", how: sendsMany(1000, nil), want: succeeds()},
	{name: "sends two messages in one", how: sends(slices.Concat(started(), ready()), started(), slices.Concat(progress(1), finished(`1`))), want: succeeds()},
	{name: "sends noise", how: sends(started(), []byte{0xff, 0xff, 0xff, 0xff, 0x07}), want: lost("unmarshal")},
	{name: "sends a message cut short", how: sends(started(), finished(strings.Repeat("1", 100))[:50]), want: lost("unmarshal")},
	{name: "sends text that is not UTF-8", how: sends(started(), logMessage(1, "\xff", "")), want: lost("UTF-8")},
	{name: "sends a message over the limit", heavy: true, how: onStream(func(s *rawStream) {
		s.run()
		s.send(finished(`"` + strings.Repeat("x", wire.MaxMessage) + `"`))
		<-s.Context().Done()
	}), want: lost("larger than max")},
	{name: "returns 60 MB", heavy: true, how: inTask(func(context.Context) (any, error) { return strings.Repeat("x", 60<<20), nil }),
		want: succeeds().returnsBytes(60<<20 + 2)},
	{name: "returns more than the limit", heavy: true, how: inTask(func(context.Context) (any, error) { return strings.Repeat("x", 65<<20), nil }),
		want: fails(host.OutcomeError, "at most 67108864 cross a process boundary")},
	{name: "returns what is not JSON", how: sends(started(), finished(`{"a":`)), want: fails(host.OutcomeError, "not JSON")},
	{name: "returns what does not encode", how: inTask(func(context.Context) (any, error) { return make(chan int), nil }), want: fails(host.OutcomeError, "chan")},
	{name: "ends its stream without Finished", how: sends(started(), ready()), want: lost("its process lived on")},
	{name: "ends its stream with a status", how: func() {
		raw(func(s *rawStream) error { s.run(); return status.Error(codes.DataLoss, "bits fell out") })
	}, want: lost("bits fell out")},
	{name: "ends its stream before Started", how: sends(), want: lost("its process lived on")},
	{name: "does not know Run", how: func() {
		raw(func(*rawStream) error { return status.Error(codes.Unimplemented, "no such method") })
	}, want: lost("no such method")},
	{name: "never answers Start", how: onStream(func(*rawStream) { forever() }), hangs: true, want: launchFails("start timeout").killed()},
	{name: "sends headers of 1 MB", how: onStream(func(s *rawStream) {
		s.SetHeader(metadata.Pairs("x", strings.Repeat("x", 1<<20)))
		s.run()
	}), want: lost("its process lived on")},

	{name: "reports a million times", heavy: true, how: onStream(func(s *rawStream) {
		s.run()
		for i := range uint64(1_000_000) {
			s.send(progress(i + 1))
		}
		s.send(finished(`1`))
	}), want: succeeds().returns(`1`)},
	{name: "is ready 100,000 times", how: sendsMany(100_000, ready()), want: succeeds()},
	{name: "beats its heart 100,000 times", how: sendsMany(100_000, heartbeat()), want: succeeds()},
	{name: "logs 100,000 times by the protocol", how: sendsMany(100_000, logMessage(1, "m", `{"a":1}`)), want: succeeds()},
	{name: "logs oddly by the protocol", how: sends(started(), logMessage(99, "odd", `[1]`), logMessage(0, "", `{"":{}}`), field(5, field(4, "\xff\xff")), finished(`1`)),
		want: lost("unmarshal")},
	{name: "checkpoints 100,000 times", how: onStream(func(s *rawStream) {
		s.run()
		go func() { // ends with the process
			for heard := true; heard; {
				heard = s.recv() != nil
			}
		}()
		for i := range uint64(100_000) {
			s.send(checkpoint(i, `{"at":1}`))
		}
		s.send(finished(`1`))
	}), want: succeeds()},
	{name: "checkpoints without end and hears no answer", heavy: true, how: onStream(func(s *rawStream) {
		s.run()
		for i := uint64(0); s.Context().Err() == nil; i++ {
			s.send(checkpoint(i, `{"at":1}`))
		}
	}), stop: true, want: overGrace()},
	{name: "checkpoints what is not JSON", how: sends(started(), checkpoint(1, `{`), checkpoint(1, ``), finished(`1`)), want: succeeds()},
	{name: "checkpoints 60 MB three times", heavy: true, how: inTask(func(ctx context.Context) (any, error) {
		for range 3 {
			if err := task.Checkpoint(ctx, strings.Repeat("x", 60<<20)); err != nil {
				return nil, err
			}
		}
		return 1, nil
	}), want: succeeds()},

	{name: "fails without a reason", how: sends(started(), field(7, field(2, ""))), want: fails(host.OutcomeError, "gave no reason")},
	{name: "fails for unknown reasons", how: sends(started(), failed("why", field(2, "\x63\x64"))), want: fails(host.OutcomeError, "why")},
	{name: "claims to have been stopped", how: sends(started(), failed("stopped", field(2, "\x01"))), want: fails(host.OutcomeError, "stopped")},
	{name: "claims to have panicked", how: sends(started(), failed("p", field(4, field(1, "v")))), want: fails(host.OutcomePanic, "p")},
	{name: "fails with 10 MB of text", how: func() { sends(started(), failed(strings.Repeat("x", 10<<20)))() }, want: fails(host.OutcomeError, "bytes more)")},
	{name: "fails and returns a result", how: sends(started(), field(7, slices.Concat(field(1, `1`), field(2, field(1, "both"))))),
		want: fails(host.OutcomeError, "both").returns(`1`)},

	{name: "never answers go-plugin's own calls", how: func() {
		rawWith(func(s grpc.ServerStream) error { <-s.Context().Done(); return nil }, func(s *rawStream) error {
			s.run()
			s.send(finished(`1`))
			return nil
		})
	}, want: succeeds()},
	{name: "floods go-plugin's own streams", how: func() {
		rawWith(func(s grpc.ServerStream) error {
			for i := uint64(1); s.Context().Err() == nil; i++ {
				message := varint(1, i) // a new connection to broker, each time
				s.SendMsg(&message)
			}
			return nil
		}, func(s *rawStream) error {
			s.run()
			s.recv() // Stop
			s.send(finished(`1`))
			return nil
		})
	}, stop: true, beside: fewGoroutines, want: stops()},
	{name: "prints and reports at once", how: inTask(func(ctx context.Context) (any, error) {
		for i := range int64(20_000) {
			fmt.Fprintln(os.Stderr, "line", i)
			task.Progress(ctx, i, 20_000, "step")
			task.Logger(ctx).Info("record", "i", i)
		}
		return 1, nil
	}), want: succeeds()},
}

// fewGoroutines sees that the host has not started one for each message, after it
// has had time for many.
func fewGoroutines(t *testing.T, c *company, w *observe.Events) {
	for range 100 {
		c.ask(t, w)
	}
	if n := runtime.NumGoroutine(); n > 5000 {
		t.Errorf("the host has %d goroutines", n)
	}
}

// sends is a foreign plugin that sends messages and ends its stream.
func sends(messages ...[]byte) func() {
	return onStream(func(s *rawStream) {
		for _, m := range messages {
			s.send(m)
		}
	})
}

// sendsMany is a foreign plugin that says the same n times.
func sendsMany(n int, message []byte) func() {
	return onStream(func(s *rawStream) {
		s.run()
		for range n {
			s.send(message)
		}
		s.send(finished(`1`))
	})
}
