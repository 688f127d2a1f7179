package host_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// inProcessModes are those in which a task can reach its own runner.
var inProcessModes = []host.Mode{host.Goroutine, host.Async}

// contexts are those with which a task may call its runner.
var contexts = map[string]func(own context.Context) context.Context{
	"own ctx":    func(own context.Context) context.Context { return own },
	"background": func(context.Context) context.Context { return context.Background() },
}

func TestTaskMayStopItsOwnRunner(t *testing.T) {
	for name, choose := range contexts {
		for _, m := range inProcessModes {
			t.Run(name+" "+m.String(), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					var g *rig
					kind := task.NewKind("stop-all", func(config) (task.Task, error) {
						return task.Func(func(ctx context.Context) (any, error) {
							g.awaitReady(g.Handles()[0])
							err := g.Stop(choose(ctx))
							return g.Handles()[0].State(), err
						}), nil
					})
					g = newRig(t, m, host.WithKinds(kind))
					sibling := g.add("wait", config{})
					caller := g.add("stop-all", config{})
					began := time.Now()
					g.start()
					<-caller.Done()
					if err := g.Wait(t.Context()); err != nil {
						t.Errorf("Wait: %v", err)
					}
					wantTook(t, m, began, 0, busy)
					wantStates(t, host.StateStopped, sibling, caller)
					if seen, err := host.Result[string](t.Context(), caller); seen != "stopped" || err != nil {
						t.Errorf("when Stop returned, the sibling was %v; %v", seen, err)
					}
				})
			})
		}
	}
}

func TestTaskMayStopItselfAndItsSibling(t *testing.T) {
	for _, m := range inProcessModes {
		t.Run(m.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var g *rig
				kind := task.NewKind("stop-two", func(config) (task.Task, error) {
					return task.Func(func(ctx context.Context) (any, error) {
						handles := g.Handles()
						err := errors.Join(handles[0].Stop(context.Background()), handles[1].Stop(ctx))
						return nil, errors.Join(err, context.Cause(ctx))
					}), nil
				})
				g = newRig(t, m, host.WithKinds(kind))
				sibling, caller, third := g.add("wait", config{}), g.add("stop-two", config{}), g.add("wait", config{}, "on")
				g.start()
				<-caller.Done()
				wantStates(t, host.StateStopped, sibling, caller)
				g.awaitReady(third)
				wantStates(t, host.StateRunning, third)
			})
		})
	}
}

// stopsAll is a task whose Stop stops the whole runner.
type stopsAll struct {
	g      *rig
	choose func(context.Context) context.Context
}

func (s *stopsAll) Run(ctx context.Context) (any, error) { return wait(ctx, config{}) }
func (s *stopsAll) Stop(ctx context.Context) error       { return s.g.Stop(s.choose(ctx)) }

func TestStopperMayStopItsOwnRunner(t *testing.T) {
	for name, choose := range contexts {
		for _, m := range inProcessModes {
			t.Run(name+" "+m.String(), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					all := &stopsAll{choose: choose}
					kind := task.NewKind("stops-all", func(config) (task.Task, error) { return all, nil })
					all.g = newRig(t, m, host.WithKinds(kind), host.WithGrace(4*time.Second))
					sibling, stopper := all.g.add("wait", config{}), all.g.add("stops-all", config{})
					all.g.start()
					all.g.awaitReady(sibling, stopper)
					began := time.Now()
					if err := stopper.Stop(t.Context()); err != nil {
						t.Errorf("Stop: %v", err)
					}
					if took := time.Since(began); took > 3*time.Second {
						t.Errorf("it took %v", took)
					}
					if err := all.g.Wait(t.Context()); err != nil {
						t.Errorf("Wait: %v", err)
					}
					wantStates(t, host.StateStopped, sibling, stopper)
				})
			})
		}
	}
}
