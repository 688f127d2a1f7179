package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

// Options say what to check, and how long to wait. A duration of 0 is its default.
type Options struct {
	// Kind is the one kind to check; "" is every kind that the plugin offers.
	Kind string
	// Config is a config of Kind, or of the only kind that the plugin offers. Without
	// one, a config is made of the schema's examples and defaults.
	Config json.RawMessage
	// StartTimeout is how long the plugin, and a task, may take to start. The default
	// is 10 seconds.
	StartTimeout time.Duration
	// Grace is how long a task may take to stop. The default is 5 seconds.
	Grace time.Duration
	// Watch is how long a task may run before it is stopped. The default is 1 second.
	Watch time.Duration
}

func (o *Options) complete() error {
	for _, d := range []struct {
		name     string
		value    *time.Duration
		fallback time.Duration
	}{
		{"start timeout", &o.StartTimeout, 10 * time.Second},
		{"grace", &o.Grace, 5 * time.Second},
		{"watch", &o.Watch, time.Second},
	} {
		switch {
		case *d.value < 0:
			return fmt.Errorf("%s %v is negative", d.name, *d.value)
		case *d.value == 0:
			*d.value = d.fallback
		}
	}
	return nil
}

// Suite checks one plugin. Make it with [New]; its methods are called one at a time.
type Suite struct {
	subject  Subject
	options  Options
	instance Instance      // what all checks share, until one spoils it; nil before and after
	about    *about        // what the plugin says of itself; nil before it was asked
	ending   *ending       // how it ends; nil before it was ended
	slowest  time.Duration // that a start took so far

	mask func(text string) string // masks the secrets of the config; nil for none
}

// New prepares the checks of a plugin. The caller must call Close.
func New(subject Subject, options Options) (*Suite, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	return &Suite{subject: subject, options: options}, nil
}

// Close ends the plugin.
func (s *Suite) Close() {
	if s.instance != nil {
		s.instance.Close()
		s.instance = nil
	}
}

// Kinds asks the plugin for its kinds and returns those to check: all, or the one that
// the options name. It is none if the plugin cannot be asked, as its first checks then
// tell. The error says what is wrong with the options.
func (s *Suite) Kinds(ctx context.Context) ([]string, error) {
	a := s.describe(ctx)
	if a.fault != "" {
		return nil, nil
	}
	var names []string
	for _, k := range a.kinds {
		names = append(names, k.name)
	}
	switch {
	case len(names) == 0:
		return nil, nil
	case s.options.Kind != "" && !slices.Contains(names, s.options.Kind):
		return nil, fmt.Errorf("it offers no kind %q: it offers %s", s.options.Kind, strings.Join(names, ", "))
	case s.options.Kind != "":
		names = []string{s.options.Kind}
	case s.options.Config != nil && len(names) > 1:
		return nil, fmt.Errorf("a config is that of one kind: name it, of %s", strings.Join(names, ", "))
	}
	for _, name := range names {
		if err := s.checkGiven(a.kind(name)); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// Plugin is the plugin's name and version, as it says itself; "" before it was asked.
func (s *Suite) Plugin() string {
	if s.about == nil || s.about.said == nil {
		return ""
	}
	return strings.TrimSpace(s.about.said.GetName() + " " + s.about.said.GetVersion())
}

// checkGiven says what is wrong with a config that was given.
func (s *Suite) checkGiven(k *kind) error {
	badSchema := s.options.Config != nil && s.subject.CheckSchema(k.schema, nil) != nil // which is a check's to tell
	if s.options.Config == nil || badSchema {
		return nil
	}
	if err := s.subject.CheckSchema(k.schema, s.options.Config); err != nil {
		return fmt.Errorf("the config does not fit kind %q: %w", k.name, err)
	}
	return nil
}

// All runs every check of the kinds, in the order of [Checks], with those of a kind
// together. It ends early with ctx.
func (s *Suite) All(ctx context.Context, kinds []string) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		for _, group := range [][]Check{pluginChecks(), kindChecks(), endChecks()} {
			targets := []string{""}
			if group[0].EachKind {
				targets = kinds
			}
			for _, kind := range targets {
				for _, c := range group {
					if ctx.Err() != nil || !yield(s.Run(ctx, c, kind)) {
						return
					}
				}
			}
		}
	}
}

// Run runs one check, of the kind if the check is one of each kind. What it needs to
// know from other checks it finds out first. It takes a bounded time, whatever the
// plugin does.
func (s *Suite) Run(ctx context.Context, c Check, kind string) Result {
	began := time.Now()
	bounded, cancel := within(ctx, s.limit())
	defer cancel()
	r := Result{Check: c, Kind: kind}
	o := s.run(bounded, c, kind)
	if o.verdict == Fail {
		o.reason += s.bury(ctx)
	}
	r.Verdict, r.Reason, r.Took = o.verdict, s.Masked(o.reason), time.Since(began)
	return r
}

// limit bounds a check in which several things each take all the time that they have,
// and the machine takes its own.
func (s *Suite) limit() time.Duration {
	return 3*s.options.StartTimeout + 2*s.options.Watch + 2*s.options.Grace + 20*time.Second + 3*maxSlack
}

func (s *Suite) run(ctx context.Context, c Check, kind string) outcome {
	t := &trial{Suite: s, ctx: ctx}
	if c.Name == launch {
		return c.do(t)
	}
	switch a := s.describe(ctx); {
	case a.launch != "":
		return notApplicable("it cannot be started: see %s", launch)
	case c.Name == describe:
	case a.fault != "":
		return notApplicable("it does not describe itself: see %s", describe)
	case c.EachKind:
		if t.kind = a.kind(kind); t.kind == nil {
			return notApplicable("it offers no kind %q", kind)
		}
	}
	return c.do(t)
}

// bury ends the instance that a failed check may have spoilt. It returns how it had
// ended by itself, to be added to the reason.
func (s *Suite) bury(ctx context.Context) string {
	if s.instance == nil {
		return ""
	}
	defer s.Close()
	if exits(s.instance, dusk) || s.unreachable(ctx) && exits(s.instance, farewell) {
		return "; " + s.instance.Fate()
	}
	return ""
}

// dusk is how long an instance may take to end that a failed check has left dying.
const dusk = 200 * time.Millisecond

// unreachable reports whether nobody is at the other end of the connection: that ends
// with the process, whose end may be seen later on a busy machine.
func (s *Suite) unreachable(ctx context.Context) bool {
	ctx, cancel := within(ctx, farewell)
	defer cancel()
	_, err := client(s.instance.Conn()).Describe(ctx, &taskpb.DescribeRequest{})
	code := status.Code(err)
	return ctx.Err() == nil && (code == codes.Unavailable || code == codes.Canceled) // the latter where the host's end is closed too
}

// live is the instance, started if there is none that lives.
func (s *Suite) live(ctx context.Context) (Instance, error) {
	if s.instance != nil {
		select {
		case <-s.instance.Done():
			s.Close()
		default:
			return s.instance, nil
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.StartTimeout,
		fmt.Errorf("not started within the start timeout of %v", s.options.StartTimeout))
	defer cancel()
	began := time.Now()
	instance, err := s.subject.Start(ctx)
	if err != nil {
		return nil, err
	}
	s.slowest = max(s.slowest, time.Since(began))
	s.instance = instance
	return instance, nil
}

// slack is what a plugin gets beyond the time that a rule gives it, for the machine: it
// may be so busy that a start, of which most plugins make little, takes seconds.
func (s *Suite) slack() time.Duration { return min(2*s.slowest, maxSlack) }

const maxSlack = 10 * time.Second

// client speaks to the instance.
func client(conn grpc.ClientConnInterface) taskpb.TaskServiceClient {
	return taskpb.NewTaskServiceClient(conn)
}

// trial is one run of a check.
type trial struct {
	*Suite
	ctx  context.Context // ends the check
	kind *kind           // of a check of each kind
}
