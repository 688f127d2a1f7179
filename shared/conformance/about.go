package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
)

// about is what the plugin says of itself.
type about struct {
	launch string // why it could not be started, or ""
	fault  string // why it could not be asked, or ""
	said   *taskpb.DescribeResponse
	kinds  []*kind // each name once
	fickle bool    // it said another thing when it was asked again
}

func (a *about) kind(name string) *kind {
	i := slices.IndexFunc(a.kinds, func(k *kind) bool { return k.name == name })
	if i < 0 {
		return nil
	}
	return a.kinds[i]
}

// describe asks the plugin, the first time.
func (s *Suite) describe(ctx context.Context) *about {
	if s.about != nil {
		return s.about
	}
	s.about = &about{}
	instance, err := s.live(ctx)
	if err != nil {
		s.about.launch = err.Error()
		s.about.fault = s.about.launch
		return s.about
	}
	if s.about.said, err = s.ask(ctx, instance); err != nil {
		s.about.fault = err.Error()
		return s.about
	}
	for _, k := range s.about.said.GetKinds() {
		if s.about.kind(k.GetName()) == nil {
			s.about.kinds = append(s.about.kinds, &kind{name: k.GetName(), schema: k.GetConfigSchema()})
		}
	}
	return s.about
}

// ask calls Describe.
func (s *Suite) ask(ctx context.Context, instance Instance) (*taskpb.DescribeResponse, error) {
	ctx, cancel := within(ctx, s.options.StartTimeout)
	defer cancel()
	r, err := client(instance.Conn()).Describe(ctx, &taskpb.DescribeRequest{})
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("it did not answer within %v", s.options.StartTimeout)
	case err != nil:
		return nil, fmt.Errorf("it answered with an error: %s", status.Convert(err).Message())
	}
	return r, nil
}

// within is a ctx that ends after d, and of whose end the plugin does not know
// beforehand, as it would of a deadline.
func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(d, cancel)
	return ctx, func() { timer.Stop(); cancel() }
}

func checkLaunch(t *trial) outcome {
	if _, ok := t.subject.(File); !ok {
		return noProcess()
	}
	if a := t.describe(t.ctx); a.launch != "" {
		return failed("%s", a.launch)
	}
	return passed()
}

func checkDescribe(t *trial) outcome {
	a := t.describe(t.ctx)
	if a.fault != "" {
		return failed("%s", a.fault)
	}
	instance, err := t.live(t.ctx)
	if err != nil {
		return failed("it could not be started again: %v", err)
	}
	for range 3 {
		again, err := t.ask(t.ctx, instance)
		if err != nil {
			return failed("asked again, %v", err)
		}
		if !proto.Equal(again, a.said) {
			a.fickle = true
			return failed("asked again, it described itself in another way")
		}
	}
	return passed()
}

func checkName(t *trial) outcome {
	name := t.about.said.GetName()
	if err := task.ValidateName(name); err != nil {
		return failed("%v", err)
	}
	if file, ok := t.subject.(File); ok && file.PluginName() != "" && file.PluginName() != name {
		return failed("it says that its name is %q, and its file is that of %q", name, file.PluginName())
	}
	return passed()
}

func checkVersion(t *trial) outcome {
	if v := t.about.said.GetVersion(); v == "" {
		return failed("it has no version")
	} else if _, err := semver.StrictNewVersion(v); err != nil {
		return failed("the version %q is not a semantic version such as 0.1.0", v)
	}
	return passed()
}

func checkKinds(t *trial) outcome {
	seen := make(map[string]bool)
	for _, k := range t.about.said.GetKinds() {
		if err := task.ValidateName(k.GetName()); err != nil {
			return failed("%v", err)
		}
		if seen[k.GetName()] {
			return failed("it offers the kind %q twice", k.GetName())
		}
		seen[k.GetName()] = true
		if strings.ContainsAny(k.GetDescription(), "\n\r") {
			return failed("the description of kind %q has several lines", k.GetName())
		}
	}
	if len(seen) == 0 {
		return failed("it offers no kinds")
	}
	return passed()
}

func checkSchema(t *trial) outcome {
	if len(t.kind.schema) == 0 {
		return passed() // any object
	}
	if err := t.subject.CheckSchema(t.kind.schema, nil); err != nil {
		return failed("%v", err)
	}
	return passed()
}

// checkDescribeRunning needs a task that runs for a while.
func checkDescribeRunning(t *trial) outcome {
	if t.about.fickle {
		return notApplicable("it describes itself in several ways: see %s", describe)
	}
	one := t.some(stopping)
	if one == nil {
		return nothingRuns(t.options.Watch)
	}
	return one.attempt(func(s *session) outcome {
		again, err := t.ask(t.ctx, s.instance)
		switch {
		case err != nil:
			return failed("while a task of kind %q ran, %v", one.kind.name, err)
		case !proto.Equal(again, t.about.said):
			return failed("while a task of kind %q ran, it described itself in another way", one.kind.name)
		}
		return one.end(s)
	})
}
