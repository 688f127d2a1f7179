package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/hostelry-run/hostelry/integration_test/internal/raw"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// plugin is a plugin that keeps every rule, with what it does where it could break one
// in fields. It offers two kinds: tasks of "work" say everything at once and then run
// until they are stopped, those of "quick" end by themselves.
type plugin struct {
	name string

	byHand      func()              // started by a person
	shake       func(socket string) // the handshake
	describe    func() []byte
	other       func(*raw.Stream) error // a call of another service
	notStart    func(*raw.Stream) error // a stream that begins with something else
	unknownKind func(*raw.Stream)
	badConfig   func(*raw.Stream)
	says        func(*run) // once the task was made
	acked       func(*run) // after that, with a checkpoint that may be answered
	last        func(*run, cause)
	end         func(*run) error // the stream's, after finished
	interrupted func()
	terminated  func()
	hostGone    func()
	limit       int // of a message, in bytes

	server   *grpc.Server
	gone     sync.Once
	stopping sync.Mutex
	all      chan struct{} // closed when all tasks are to stop
	why      cause         // and why
}

// cause is why a task ends.
type cause int

const (
	itself cause = iota
	stopped
	hostGone
)

// run is an attempt.
type run struct {
	*raw.Stream
	plugin     *plugin
	kind       string
	checkpoint string // of an earlier attempt
	inbox      chan []byte
	cause      cause // of its end
	refused    bool  // by one who does not like the future
}

func newPlugin(name string) *plugin {
	p := &plugin{name: name, limit: 136314880, all: make(chan struct{})}
	p.byHand = func() { fmt.Fprintln(os.Stderr, "a plugin of the conformance tests"); os.Exit(2) }
	p.shake = raw.Shake
	p.describe = func() []byte { return described(name, "1.2.3", kindNamed("work", ""), kindNamed("quick", "")) }
	p.other = func(*raw.Stream) error { return status.Error(codes.Unimplemented, "no such service") }
	p.notStart = func(*raw.Stream) error { return status.Error(codes.InvalidArgument, "start comes first") }
	p.unknownKind = func(s *raw.Stream) { s.Send(raw.Failed("no such kind", raw.Codes(3))) }
	p.badConfig = func(s *raw.Stream) { s.Send(raw.Failed("no good config", raw.Codes(4))) }
	p.says = say(raw.Started(), raw.Ready(), raw.Progress(1), raw.Log(2, "at work", `{"a":1}`), raw.Checkpoint(1, `[1]`))
	p.acked = func(r *run) { r.next() }
	p.last = finish
	p.end = func(*run) error { return nil }
	p.interrupted = func() {}
	p.terminated = func() { p.stopAll(stopped); p.server.GracefulStop(); os.Exit(0) }
	p.hostGone = func() { p.stopAll(hostGone); os.Exit(0) }
	return p
}

func described(name, version string, kinds ...[]byte) []byte {
	return raw.Message(append([][]byte{raw.Field(1, name), raw.Field(2, version)}, kinds...)...)
}

func kindNamed(name, schema string) []byte {
	return raw.Field(3, raw.Message(raw.Field(1, name), raw.Field(2, "Works."), raw.Field(3, schema)))
}

// say sends messages.
func say(messages ...[]byte) func(*run) {
	return func(r *run) {
		for _, m := range messages {
			r.Send(m)
		}
	}
}

// finish is the last word of a task that ended well.
func finish(r *run, c cause) {
	switch c {
	case itself:
		r.Send(raw.Finished(`{"a":1}`))
	case stopped:
		r.Send(raw.Field(7, raw.Message(raw.Field(1, `[1]`), raw.Field(2, raw.Message(raw.Field(1, "stopped"), raw.Codes(1))))))
	case hostGone:
		r.Send(raw.Failed("the host is gone", raw.Codes(2)))
	}
}

// main serves, and does not return.
func (p *plugin) main() {
	if os.Getenv(wire.CookieKey) != wire.CookieValue {
		p.byHand()
		os.Exit(2)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	listener := raw.Listen("plugin.sock")
	p.server = raw.NewServer(p.answer, grpc.MaxRecvMsgSize(p.limit), grpc.StatsHandler(connections{p}))
	go func() { _ = p.server.Serve(listener) }()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		p.lose()
	}()
	p.shake(listener.Addr().String())
	for received := range signals {
		if received == syscall.SIGINT {
			p.interrupted()
		} else {
			p.terminated()
		}
	}
}

// lose hears that the host is gone, by its connection or by the lifeline.
func (p *plugin) lose() { p.gone.Do(p.hostGone) }

// stopAll ends all tasks.
func (p *plugin) stopAll(c cause) {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	select {
	case <-p.all:
	default:
		p.why = c
		close(p.all)
	}
}

// reason is why all tasks end, or itself while they need not.
func (p *plugin) reason() cause {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	return p.why
}

func (p *plugin) answer(method string, s *raw.Stream) error {
	switch method {
	case raw.Describe:
		s.Recv()
		s.Send(p.describe())
		return nil
	case raw.Run:
		return p.run(s)
	default:
		return p.other(s)
	}
}

func (p *plugin) run(s *raw.Stream) error {
	start, ok := raw.Read(s.Recv())[1]
	if !ok {
		return p.notStart(s)
	}
	fields := raw.Read(start)
	r := &run{Stream: s, plugin: p, kind: string(fields[3]), checkpoint: string(fields[6]), inbox: make(chan []byte, 100)}
	switch {
	case r.kind != "work" && r.kind != "quick":
		p.unknownKind(s)
		return nil
	case !json.Valid(fields[4]) || !bytes.HasPrefix(fields[4], []byte("{")):
		p.badConfig(s)
		return nil
	}
	go r.listen()
	p.says(r)
	p.acked(r)
	r.cause = r.await()
	p.last(r, r.cause)
	return p.end(r)
}

// listen ends with the stream.
func (r *run) listen() {
	for {
		m := r.Recv()
		if r.inbox <- m; m == nil {
			return
		}
	}
}

// next waits for the answer to a checkpoint, or for what ends the task in its stead.
func (r *run) next() {
	for {
		select {
		case m := <-r.inbox:
			if fields := raw.Read(m); fields[3] != nil {
				return
			} else if m == nil || fields[2] != nil {
				r.inbox <- m // for await
				return
			}
		case <-r.plugin.all:
			return
		}
	}
}

// await waits until the task is to end.
func (r *run) await() cause {
	var itsEnd <-chan time.Time
	if r.kind == "quick" {
		itsEnd = time.After(150 * time.Millisecond)
	}
	for {
		select {
		case m := <-r.inbox:
			if m == nil {
				return hostGone
			}
			if _, stop := raw.Read(m)[2]; stop {
				return stopped
			}
		case <-r.plugin.all:
			return r.plugin.reason()
		case <-itsEnd:
			return itself
		}
	}
}

// connections hears when the last one ends.
type connections struct{ *plugin }

func (c connections) HandleConn(_ context.Context, s stats.ConnStats) {
	if _, ended := s.(*stats.ConnEnd); ended { // a host makes one
		go c.lose()
	}
}
func (connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (connections) HandleRPC(context.Context, stats.RPCStats)                         {}
func (connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }

// lingers is the argument that makes this binary a process that stays.
const lingers = "linger"

func linger() {
	time.Sleep(time.Minute)
	os.Exit(0)
}

// leave starts a process that stays.
func leave(attr *syscall.SysProcAttr) {
	cmd := exec.Command("/proc/self/exe", lingers)
	cmd.SysProcAttr = attr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
}
