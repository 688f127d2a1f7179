package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// guarded is a config with secrets in it.
type guarded struct {
	Token string            `json:"token"          jsonschema:"minLength=8"        jsonschema_extras:"secret=true"`
	More  map[string]string `json:"more,omitempty" jsonschema_extras:"secret=true"`
	How   string            `json:"how,omitempty"`
}

// all is what a careless task says: each secret, in several ways.
func (g guarded) all() string {
	return fmt.Sprintf("%s %q %v", g.Token, g.Token, g.More)
}

// guardedKind is the kind of tasks that say their secrets, in the way that their
// config asks for.
func guardedKind() task.Kind {
	return task.NewKind("guarded", func(g guarded) (task.Task, error) {
		if g.How == "refuse" {
			return nil, errors.New("refused with " + g.all())
		}
		return &gossip{g}, nil
	})
}

type gossip struct{ guarded }

func (g *gossip) Run(ctx context.Context) (any, error) {
	switch g.How {
	case "log":
		l := task.Logger(ctx).With("with", g.all())
		l.Info(g.all(), "error", errors.New(g.all()), "config", g.guarded, "bytes", []byte(g.Token))
		l.WithGroup("group").Warn("in a group", slog.Group("inner", "text", g.all()))
	case "progress":
		task.Progress(ctx, 1, 2, g.all())
	case "fail":
		return nil, fmt.Errorf("%s: %w", g.all(), task.Permanent(task.ErrBadResult))
	case "fail-with-result":
		return g.guarded, errors.New(g.all())
	case "panic":
		panic(g.all())
	case "panic-error":
		panic(fmt.Errorf("%s: %w", g.all(), task.ErrBadConfig))
	case "stop":
		_, err := wait(ctx, config{})
		return g.all(), err
	case "result":
		return map[string]any{"of": g.guarded, g.Token: []any{g.all(), 1.50}, "n": json.Number("12345678901234567890")}, nil
	case "print":
		for _, f := range []*os.File{os.Stdout, os.Stderr} {
			fmt.Fprintln(f, g.all())
			fmt.Fprintln(f, strings.Repeat("x", 64<<10-9)+g.Token)
		}
		slog.Error(g.all())
		fmt.Fprintf(os.Stderr, `{"@level":"warn","@message":%q,"list":[%q]}`+"\n", g.all(), g.Token)
	case "exit":
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 490)+g.Token)
		fmt.Fprintln(os.Stderr, "panic: "+g.all())
		os.Exit(3)
	}
	return nil, nil
}

// Stop is asked for the way "stop" only.
func (g *gossip) Stop(context.Context) error { return errors.New("stopped with " + g.all()) }

// secrets are those of the tests: one that every way to quote changes, and one that
// has lines.
var secrets = guarded{Token: `hunter2"\<&é` + "\t!", More: map[string]string{"key": "-----BEGIN\nMIIEvQIBADAN\n-----END\n", "pin": "0815x"}}

// leaks are parts of the secrets that must not be seen.
var leaks = []string{"hunter2", "BEGIN", "MIIEvQIBADAN", "0815x"}

// told is all that a run tells, as people and programs see it.
func (g *rig) told(h *host.Handle) string {
	var all strings.Builder
	for _, e := range g.events.all() {
		fmt.Fprintf(&all, "event: %+v\n", e)
		tellError(&all, e.Err)
	}
	fmt.Fprintf(&all, "cause: %v\nprogress: %+v\nresult: %s\n", h.Cause(), h.Progress(), h.Result())
	tellError(&all, h.Err())
	return all.String() + g.log.String()
}

func tellError(all *strings.Builder, err error) {
	if failed, ok := errors.AsType[*host.TaskError](err); ok {
		fmt.Fprintf(all, "error: %v\n%+v\n%s\n%q\n", err, failed.Err, failed.Stack, failed.Stderr)
	}
	if p, ok := errors.AsType[*task.PanicError](err); ok {
		fmt.Fprintf(all, "panic: %v\n%s\n%v\n", p.Value, p.Stack, p.Err)
	}
}

// TestSecretsAreNotTold: whatever a task does with its secrets, what goes through
// the host shows none.
func TestSecretsAreNotTold(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		ways := []string{"log", "progress", "fail", "fail-with-result", "panic", "panic-error", "stop", "result", "refuse"}
		if m == host.Process {
			ways = append(ways, "print", "exit") // in this process what is printed does not go through the host
		}
		for _, how := range ways {
			g := newRig(t, m, host.WithPolicy(host.LogOnly))
			spec := g.spec("guarded", config{}, how)
			c := secrets
			c.How = how
			spec.Config, spec.Restart = c, host.Restart{When: host.RestartOnFailure, Max: 1, Initial: time.Millisecond}
			h, err := g.Add(spec)
			if err != nil {
				t.Fatal(err)
			}
			g.start()
			if how == "stop" {
				g.awaitReady(h)
				_ = g.Stop(t.Context())
			}
			_ = g.Wait(t.Context())
			<-g.events.ended
			told := g.told(h)
			for _, secret := range leaks {
				if strings.Contains(told, secret) {
					t.Errorf("%s: %q is in\n%s", how, secret, told)
				}
			}
			if !strings.Contains(told, "***") {
				t.Errorf("%s: nothing was masked in\n%s", how, told)
			}
		}
	})
}

// TestWhatIsMaskedStaysWhatItIs: a masked failure and result are good for the rest.
func TestWhatIsMaskedStaysWhatItIs(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		handles := make(map[string]*host.Handle)
		for _, how := range []string{"fail", "panic-error", "result"} {
			spec := g.spec("guarded", config{}, how)
			spec.Config = guarded{Token: secrets.Token, How: how}
			h, err := g.Add(spec)
			if err != nil {
				t.Fatal(err)
			}
			handles[how] = h
		}
		_ = g.Run(t.Context())
		if err := handles["fail"].Err(); !errors.Is(err, task.ErrBadResult) || !task.IsPermanent(err) {
			t.Errorf("the failure is %v", err)
		}
		if err := taskError(t, handles["panic-error"]); !errors.Is(err, task.ErrBadConfig) || err.Outcome != host.OutcomePanic || !strings.Contains(err.Stack, "gossip") {
			t.Errorf("the panic is %v\n%s", err, err.Stack)
		}
		got, err := host.Result[map[string]any](t.Context(), handles["result"])
		want := map[string]any{
			"of": map[string]any{"token": "***", "how": "result"}, "n": 12345678901234567890.0,
			"***": []any{`*** "***" map[]`, 1.5},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" || !strings.Contains(string(handles["result"].Result()), "12345678901234567890") {
			t.Errorf("%v, the result (-want +got):\n%s", err, diff)
		}
	})
}

// TestBadSecretIsNotTold: nor does an error show what it is about.
func TestBadSecretIsNotTold(t *testing.T) {
	g := newRig(t, host.Goroutine)
	for _, c := range []any{
		guarded{Token: "hunter2"}, map[string]any{"token": 4711081500}, map[string]any{"token": map[string]any{"a": "hunter2"}},
		map[string]any{"token": "hunter2", "more": map[string]any{"a": 4711081500}}, map[string]any{"token": json.Number("4711e4711")},
	} {
		_, err := g.Add(host.Spec{ID: "a", Kind: "guarded", Config: c})
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "4711") {
			t.Errorf("Add(%v): %v", c, err)
		}
	}
	_, err := g.Add(host.Spec{ID: "a", Kind: "guarded", Config: guarded{Token: "hunter2"}})
	if want := `task "a": config of kind "guarded": "token" is ***: expected at least 8 characters`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
