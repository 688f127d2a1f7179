package conformance

import (
	"cmp"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hostelry-run/hostelry/integration_test/internal/raw"
	"github.com/hostelry-run/hostelry/shared/conformance"
)

// wrong is a plugin that breaks one rule.
type wrong struct {
	name  string // of its file, after prefix
	how   func(*plugin)
	check string // that fails, alone
	words string // in its reason

	kind  string        // to be checked; else "work"
	start time.Duration // short, where it lets its host wait for a start in vain
	grace time.Duration // and where for a stop
}

// hasty is how long plugins are waited for that let their host wait in vain: long
// enough for all that they do well.
const hasty = 4 * time.Second

func (w wrong) options() conformance.Options {
	o := conformance.Options{Kind: "work", Watch: 50 * time.Millisecond, StartTimeout: 20 * time.Second, Grace: 20 * time.Second}
	if w.kind != "" {
		o.Kind, o.Watch = w.kind, 20*time.Second
	}
	o.StartTimeout, o.Grace = cmp.Or(w.start, o.StartTimeout), cmp.Or(w.grace, o.Grace)
	return o
}

// wrongs are the plugins, in the order of the protocol's page.
func wrongs() []wrong {
	return []wrong{
		// Started by hand.
		{name: "serves-anybody", check: "by-hand", words: "it exited with status 0", how: func(p *plugin) { p.byHand = func() { fmt.Fprintln(os.Stderr, "hello"); os.Exit(0) } }},
		{name: "says-nothing-by-hand", check: "by-hand", words: "it said nothing on stderr", how: func(p *plugin) { p.byHand = func() { os.Exit(2) } }},
		{name: "prints-by-hand", check: "by-hand", words: `it printed to stdout: "hello\n"`, how: func(p *plugin) { p.byHand = func() { fmt.Println("hello"); os.Exit(2) } }},
		{name: "waits-by-hand", check: "by-hand", words: "it did not end", start: hasty, how: func(p *plugin) { p.byHand = raw.Forever }},

		// The handshake.
		{name: "says-nothing", check: "launch", words: "it did not come up in time", start: hasty, how: func(p *plugin) { p.shake = func(string) {} }},
		{name: "prints-first", check: "launch", words: `"hello" is not a plugin's handshake`, how: func(p *plugin) {
			p.shake = func(s string) { fmt.Println("hello"); raw.Shake(s) }
		}},
		{name: "exits-at-once", check: "launch", words: "exit status 3", how: func(p *plugin) { p.shake = func(string) { os.Exit(3) } }},
		{name: "listens-later", check: "launch", words: "cannot be reached", how: func(p *plugin) { p.shake = func(s string) { raw.Shake(s + "2") } }},

		// What it says of itself.
		{name: "does-not-describe", check: "describe", words: "it did not answer within 4s", start: hasty, how: func(p *plugin) { p.describe = func() []byte { raw.Forever(); return nil } }},
		{name: "describes-anew", check: "describe", words: "in another way", how: func(p *plugin) {
			calls := 0
			p.describe = func() []byte { calls++; return described(p.name, fmt.Sprintf("1.0.%d", calls), kindNamed("work", "")) }
		}},
		{name: "describes-when-idle", check: "describe-running", words: "it did not answer within 4s", start: hasty, how: func(p *plugin) {
			var working sync.RWMutex
			good, says := p.describe, p.says
			p.describe = func() []byte { working.Lock(); defer working.Unlock(); return good() }
			p.says = func(r *run) { working.RLock(); says(r) }
			p.end = func(*run) error { working.RUnlock(); return nil }
		}},
		{name: "has-another-name", check: "name", words: `its name is "other"`, how: describes("other", "1.0.0", kindNamed("work", ""))},
		{name: "has-a-v", check: "version", words: `"v1.0.0" is not a semantic version`, how: describes("has-a-v", "v1.0.0", kindNamed("work", ""))},
		{name: "has-no-version", check: "version", words: "no version", how: describes("has-no-version", "", kindNamed("work", ""))},
		{name: "offers-twice", check: "kinds", words: `the kind "work" twice`, how: describes("offers-twice", "1.0.0", kindNamed("work", ""), kindNamed("work", ""))},
		{name: "offers-nothing", check: "kinds", words: "offers no kinds", how: describes("offers-nothing", "1.0.0")},
		{name: "offers-oddly", check: "kinds", words: `name "Odd_one"`, how: describes("offers-oddly", "1.0.0", kindNamed("Odd_one", ""), kindNamed("work", ""))},
		{name: "has-a-bad-schema", check: "schema", words: "bad schema", how: describes("has-a-bad-schema", "1.0.0", kindNamed("work", `{"properties":{"a":{"type":"text"}}}`))},
		{name: "refers-outside", check: "schema", words: "nothing outside the schema is loaded", how: describes("refers-outside", "1.0.0", kindNamed("work", `{"properties":{"a":{"$ref":"http://localhost/a.json"}}}`))},
		{name: "answers-all", check: "other-service", words: "status OK", how: func(p *plugin) {
			p.other = func(s *raw.Stream) error { s.Send(nil); return nil }
		}},

		// The start of an attempt.
		{name: "starts-without-start", check: "first-message", words: "began with stop ended with status OK", how: func(p *plugin) { p.notStart = func(*raw.Stream) error { return nil } }},
		{name: "starts-anything", check: "unknown-kind", words: "it started a task", how: func(p *plugin) {
			p.unknownKind = func(s *raw.Stream) { s.Send(raw.Started()); s.Send(raw.Finished(`1`)) }
		}},
		{name: "gives-no-code", check: "unknown-kind", words: "with no code", how: func(p *plugin) { p.unknownKind = func(s *raw.Stream) { s.Send(raw.Failed("who is that?")) } }},
		{name: "hangs-up-on-unknown", check: "unknown-kind", words: "said nothing: the stream ended with status OK", how: func(p *plugin) { p.unknownKind = func(*raw.Stream) {} }},
		{name: "takes-any-config", check: "bad-config", words: "it started a task", how: func(p *plugin) {
			p.badConfig = func(s *raw.Stream) { s.Send(raw.Started()); s.Send(raw.Finished(`1`)) }
		}},
		{name: "takes-no-blame", check: "bad-config", words: "not refused with CODE_BAD_CONFIG", how: func(p *plugin) {
			p.badConfig = func(s *raw.Stream) { s.Send(raw.Failed("SyntaxError", raw.Codes(5))) }
		}},
		{name: "dies-of-a-bad-config", check: "bad-config", words: "its process ended with exit status 10", how: func(p *plugin) {
			good := p.badConfig
			p.badConfig = func(s *raw.Stream) { good(s); time.Sleep(50 * time.Millisecond); os.Exit(10) }
		}},
		{name: "takes-4-mb", check: "large-config", words: "larger than max", how: func(p *plugin) { p.limit = 4 << 20 }},
		{name: "never-starts", check: "start", words: "neither started nor finished within the start timeout of 4s", start: hasty, how: func(p *plugin) { p.says = func(*run) { raw.Forever() } }},
		{name: "dies-at-start", check: "start", words: "its process ended with exit status 7", how: func(p *plugin) { p.says = func(*run) { os.Exit(7) } }},
		{name: "forgets-its-past", check: "restore", words: `refused its own checkpoint "[1]"`, how: func(p *plugin) {
			good := p.last
			p.last = func(r *run, c cause) {
				if r.checkpoint != "" {
					r.Send(raw.Failed("what is that?", raw.Codes(6)))
				} else {
					good(r, c)
				}
			}
		}},
		{name: "works-alone", check: "concurrent", words: "only 1 started within 4s", start: hasty, how: func(p *plugin) {
			var alone = make(chan struct{}, 1)
			says := p.says
			p.says = func(r *run) { alone <- struct{}{}; says(r) }
			p.end = func(*run) error { <-alone; return nil }
		}},

		{name: "dies-of-many", check: "concurrent", words: "its process ended with exit status 11", how: func(p *plugin) {
			var running atomic.Int32
			says := p.says
			p.says = func(r *run) {
				if running.Add(1) == 4 {
					os.Exit(11)
				}
				says(r)
			}
			p.end = func(*run) error { running.Add(-1); return nil }
		}},

		// What a task says.
		{name: "works-first", check: "order", words: "it said progress before started", how: saying(raw.Progress(1), raw.Started(), raw.Checkpoint(1, `1`))},
		{name: "starts-twice", check: "order", words: "it said started twice", how: saying(raw.Started(), raw.Started(), raw.Checkpoint(1, `1`))},
		{name: "is-ready-twice", check: "ready", words: "ready twice", how: saying(raw.Started(), raw.Ready(), raw.Ready(), raw.Checkpoint(1, `1`))},
		{name: "goes-backwards", check: "progress", words: "it reported -1 done of 0", how: saying(raw.Started(), raw.Progress(1<<64-1), raw.Checkpoint(1, `1`))},
		{name: "logs-a-list", check: "log", words: `the record "m" are no JSON object: "[1]"`, how: saying(raw.Started(), raw.Log(2, "m", `[1]`), raw.Checkpoint(1, `1`))},
		{name: "counts-from-0", check: "checkpoint", words: "checkpoint 0 came after 0", how: saying(raw.Started(), raw.Checkpoint(0, `1`))},
		{name: "skips-one", check: "checkpoint", words: "checkpoint 3 came after 1", how: saying(raw.Started(), raw.Checkpoint(1, `1`), raw.Checkpoint(3, `1`))},
		{name: "keeps-text", check: "checkpoint", words: `no UTF-8 JSON: "here"`, how: saying(raw.Started(), raw.Checkpoint(1, `1`), raw.Checkpoint(2, `here`))},
		{name: "returns-text", check: "result", words: `no UTF-8 JSON: "done"`, how: finishing(raw.Field(7, raw.Message(raw.Field(1, "done"))))},
		{name: "fails-for-no-reason", check: "failure", words: "has no message", how: finishing(raw.Failed("", raw.Codes(1)))},
		{name: "fails-with-code-0", check: "failure-codes", words: "CODE_UNSPECIFIED", how: finishing(raw.Failed("why", raw.Codes(0, 1)))},
		{name: "finishes-twice", check: "last-word", words: "after finished it said finished", how: finishing(raw.Finished(`1`), raw.Finished(`2`))},
		{name: "speaks-on", check: "last-word", words: "after finished it said progress", how: finishing(raw.Finished(`1`), raw.Progress(2))},
		{name: "leaves-without-a-word", check: "last-word", words: "the stream ended without finished: status OK", how: finishing()},
		{name: "ends-with-a-status", check: "last-word", words: "status DataLoss, bits fell out", how: func(p *plugin) {
			p.end = func(*run) error { return status.Error(codes.DataLoss, "bits fell out") }
		}},
		{name: "keeps-its-stream", check: "last-word", words: "still open 2s after finished", how: func(p *plugin) {
			p.end = func(r *run) error {
				select {
				case <-r.Context().Done():
				case <-p.all:
				}
				return nil
			}
		}},

		// The stop.
		{name: "never-stops", check: "stop-running", words: "it still ran 4s after", grace: hasty, how: func(p *plugin) {
			p.last = func(r *run, _ cause) { <-r.Context().Done() }
		}},
		{name: "takes-a-stop-amiss", check: "stop-clean", words: `finished: "interrupted", with no code`, how: func(p *plugin) {
			good := p.last
			p.last = func(r *run, c cause) {
				if c == stopped && p.reason() == itself {
					r.Send(raw.Failed("interrupted"))
				} else {
					good(r, c)
				}
			}
		}},
		{name: "misses-an-early-stop", check: "stop-starting", words: "it had not finished 4s later", grace: hasty, how: func(p *plugin) {
			says := p.says
			p.says = func(r *run) {
				time.Sleep(300 * time.Millisecond) // what comes now comes before the task is made
				for len(r.inbox) > 0 {
					<-r.inbox
				}
				says(r)
			}
		}},
		{name: "dies-of-two-stops", check: "stop-twice", words: "its process ended with exit status 8", how: func(p *plugin) {
			p.last = func(r *run, c cause) {
				if c == stopped && r.stoppedWithin(50*time.Millisecond) {
					os.Exit(8)
				}
				finish(r, c)
			}
		}},
		{name: "dies-of-a-late-stop", kind: "quick", check: "stop-late", words: "its process ended with exit status 9", how: func(p *plugin) {
			p.end = func(r *run) error {
				if r.cause == itself && r.stoppedWithin(300*time.Millisecond) {
					os.Exit(9)
				}
				return nil
			}
		}},
		{name: "waits-for-its-answer", check: "stop-unanswered", words: "it did not stop within 4s", grace: hasty, how: func(p *plugin) {
			p.acked = func(r *run) {
				stop := []byte{}
				for m := r.take(); raw.Read(m)[3] == nil; m = r.take() {
					if stop = m; m == nil {
						break
					}
				}
				r.inbox <- stop
			}
		}},
		{name: "stops-all", check: "stop-alone", words: "both ended", how: func(p *plugin) {
			var runs sync.Map
			says := p.says
			p.says = func(r *run) { runs.Store(r, true); says(r) }
			p.last = func(r *run, c cause) {
				finish(r, c)
				runs.Delete(r)
				runs.Range(func(other, _ any) bool { other.(*run).inbox <- raw.Field(2, ""); return true })
			}
		}},
		{name: "works-on-after-its-host", check: "hang-up", words: "it still ran 4s after its stream had ended", grace: hasty, how: func(p *plugin) {
			good := p.last
			p.last = func(r *run, c cause) {
				if c == hostGone && p.reason() == itself {
					<-r.Context().Done()
				}
				good(r, c)
			}
		}},

		// The end.
		{name: "dies-of-ctrl-c", check: "interrupt", words: "SIGINT ended it", how: func(p *plugin) { p.interrupted = func() { os.Exit(130) } }},
		{name: "drops-its-tasks", check: "terminate", words: "without its task's last word", how: func(p *plugin) { p.terminated = func() { os.Exit(0) } }},
		{name: "stays-after-sigterm", check: "terminate", words: "a task still ran", grace: hasty, how: func(p *plugin) { p.terminated = func() {} }},
		{name: "outlives-its-host", check: "host-gone", words: "it still lived 2s after its host was gone", how: func(p *plugin) { p.hostGone = func() { p.stopAll(hostGone) } }},
		{name: "fails-after-its-host", check: "host-gone", words: "exit status 5", how: func(p *plugin) { p.hostGone = func() { os.Exit(5) } }},
		{name: "takes-its-time", check: "exit", words: "it still lived 2s after its host was done with it", how: func(p *plugin) {
			var busy atomic.Bool
			says, good := p.says, p.terminated
			p.says = func(r *run) { busy.Store(true); says(r) }
			p.last = func(r *run, c cause) { busy.Store(c == hostGone); finish(r, c) }
			p.hostGone = func() {
				if busy.Load() {
					os.Exit(0)
				}
			}
			p.terminated = func() {
				if busy.Load() {
					good()
				}
			}
		}},
		{name: "leaves-a-child-a-task", check: "task-processes", words: "what it had started still ran", how: func(p *plugin) {
			good := p.last
			p.last = func(r *run, c cause) { leave(nil); good(r, c) }
		}},
		{name: "leaves-a-daemon", check: "nothing-left", words: "left processes behind", how: func(p *plugin) {
			p.shake = func(s string) { leave(&syscall.SysProcAttr{Setsid: true}); raw.Shake(s) }
		}},

		// The future.
		{name: "refuses-news", check: "unknown-messages", words: "status Unimplemented, what is that?", how: func(p *plugin) {
			p.acked = func(r *run) {
				m := r.take()
				for m != nil && raw.Read(m)[3] != nil {
					m = r.take()
				}
				r.refused = m != nil && raw.Read(m)[2] == nil
				r.inbox <- m
				if r.refused {
					r.inbox <- nil
				}
			}
			p.last = func(r *run, c cause) {
				if !r.refused {
					finish(r, c)
				}
			}
			p.end = func(r *run) error {
				if r.refused {
					return status.Error(codes.Unimplemented, "what is that?")
				}
				return nil
			}
		}},
	}
}

// describes is a plugin that says of itself what is given.
func describes(name, version string, kinds ...[]byte) func(*plugin) {
	return func(p *plugin) { p.describe = func() []byte { return described(name, version, kinds...) } }
}

// saying is a plugin whose tasks say this at first.
func saying(messages ...[]byte) func(*plugin) { return func(p *plugin) { p.says = say(messages...) } }

// finishing is a plugin whose tasks say this at last.
func finishing(messages ...[]byte) func(*plugin) {
	return func(p *plugin) { p.last = func(r *run, _ cause) { say(messages...)(r) } }
}

// take is the host's next message, or nil when it is gone.
func (r *run) take() []byte {
	select {
	case m := <-r.inbox:
		return m
	case <-r.plugin.all:
		return nil
	}
}

// stoppedWithin reports whether a stop comes within d.
func (r *run) stoppedWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case m := <-r.inbox:
			if _, stop := raw.Read(m)[2]; stop || m == nil {
				return stop
			}
		case <-timer.C:
			return false
		}
	}
}
