package host_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/hostelry-run/hostelry/host"
)

// The durations of plans, in milliseconds: few, so that much happens at the same instant.
var (
	shortly = []int{0, 0, 1, 2, 5, 10}
	lives   = []int{0, 0, 1, 2, 5, 10, 20, 50, 200}
	graces  = []int{10, 10, 1000}
)

func drawTime(t *rapid.T, what string, of []int) time.Duration {
	return time.Duration(rapid.SampledFrom(of).Draw(t, what)) * time.Millisecond
}

// chance is true once in n times; it shrinks to false.
func chance(t *rapid.T, what string, n int) bool {
	return rapid.IntRange(0, n-1).Draw(t, what) == n-1
}

func drawPlan(t *rapid.T) *plan {
	p := &plan{
		policy:     rapid.SampledFrom([]host.Policy{host.LogOnly, host.Propagate, host.StopAll}).Draw(t, "policy"),
		grace:      drawTime(t, "grace", graces),
		background: rapid.Bool().Draw(t, "background"),
		horizon:    drawTime(t, "horizon", []int{300, 3000}),
	}
	if chance(t, "deadline", 12) {
		p.deadline = drawTime(t, "after", []int{1, 5, 20, 100})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "groups") {
		p.groups = append(p.groups, host.Group{
			Name:     fmt.Sprint("g", i),
			Policy:   rapid.SampledFrom(host.Policies()).Draw(t, "group policy"),
			Strategy: rapid.SampledFrom([]host.Strategy{host.OneForAll, host.OneForAll, host.RestForOne, host.OneForOne}).Draw(t, "strategy"),
		})
	}
	n := rapid.IntRange(1, 7).Draw(t, "tasks")
	for i := range n {
		p.tasks = append(p.tasks, drawTask(t, p, i, n))
	}
	for range rapid.IntRange(0, 6).Draw(t, "calls") {
		p.calls = append(p.calls, drawCall(t, n))
	}
	for i, task := range p.tasks {
		if task.later {
			p.calls = append(p.calls, call{at: drawTime(t, "added", lives), does: addTask, task: i})
		}
	}
	return p
}

func drawCall(t *rapid.T, tasks int) call {
	return call{
		at:      drawTime(t, "at", lives),
		does:    rapid.SampledFrom([]calling{stopTask, restartTask, restartTask, removeTask, scaleSet, scaleSet, addTask, stopRun, cancelRun}).Draw(t, "call"),
		task:    rapid.IntRange(0, tasks-1).Draw(t, "target"),
		n:       rapid.IntRange(0, 3).Draw(t, "n"),
		patient: rapid.SampledFrom([]time.Duration{0, 0, 0, 0, 3 * time.Millisecond, -1}).Draw(t, "patience"),
	}
}

func drawTask(t *rapid.T, p *plan, i, n int) *taskPlan {
	modes := []host.Mode{host.Goroutine, host.Async, host.Process}
	task := &taskPlan{replicas: -1, later: chance(t, "later", 5)}
	task.spec = host.Spec{ID: taskName(i), Kind: "scripted", Mode: rapid.SampledFrom(modes).Draw(t, "mode")}
	if chance(t, "replicated", 4) {
		task.replicas = rapid.IntRange(0, 3).Draw(t, "replicas")
	}
	if len(p.groups) > 0 && !chance(t, "alone", 3) {
		task.spec.Group = rapid.SampledFrom(p.groups).Draw(t, "group").Name
	}
	drawNeeds(t, p, task)
	task.spec.Restart = drawRestart(t)
	drawLimits(t, &task.spec)
	if task.spec.Mode != host.Async && chance(t, "makes slowly", 10) {
		task.making = drawTime(t, "making", []int{1, 10, 40, 2000})
	}
	if chance(t, "stopper", 5) && task.spec.Isolate == 0 {
		task.stopper = rapid.SampledFrom([]stopping{dawdles, failsThen, panicsThen, asksRunner}).Draw(t, "stopper does")
	}
	for range rapid.IntRange(1, 3).Draw(t, "acts") {
		task.acts = append(task.acts, drawAct(t, n))
	}
	return task
}

func drawNeeds(t *rapid.T, p *plan, task *taskPlan) {
	for _, other := range p.tasks {
		if other.later && !task.later || !rapid.Bool().Draw(t, "needs") {
			continue
		}
		if task.spec.Needs == nil {
			task.spec.Needs = make(map[string]host.Need)
		}
		task.spec.Needs[other.spec.ID] = rapid.SampledFrom([]host.Need{
			host.NeedReady, host.NeedStarted, host.NeedSucceeded, host.NeedEnded,
		}).Draw(t, "need")
	}
}

func drawRestart(t *rapid.T) host.Restart {
	r := host.Restart{
		When: rapid.SampledFrom([]host.RestartWhen{host.RestartNever, host.RestartOnFailure, host.RestartOnFailure, host.RestartAlways}).Draw(t, "restart"),
	}
	if r.When == host.RestartNever {
		return r
	}
	r.Max = rapid.SampledFrom([]int{1, 2, 5, host.Unlimited}).Draw(t, "max")
	r.Within = drawTime(t, "within", []int{10, 100, 10000})
	r.Initial = drawTime(t, "initial", []int{1, 10})
	r.Cap = modelCap
	r.Overlap = chance(t, "overlap", 3)
	return r
}

const modelCap = 20 * time.Millisecond

func drawLimits(t *rapid.T, s *host.Spec) {
	if chance(t, "timeout", 8) {
		s.Timeout = drawTime(t, "of", []int{1, 5, 20})
	}
	if chance(t, "watchdog", 8) {
		s.Watchdog = drawTime(t, "of", []int{10, 40})
	}
	if chance(t, "start timeout", 8) {
		s.StartTimeout = drawTime(t, "of", []int{5, 20})
	}
	if chance(t, "ready by log", 8) {
		s.Ready.Log = "^up$"
	}
	if chance(t, "ready timeout", 8) {
		s.Ready.Timeout = drawTime(t, "of", []int{5, 20})
	}
	if chance(t, "isolate", 5) {
		s.Isolate = rapid.IntRange(1, 2).Draw(t, "after")
	}
}

func drawAct(t *rapid.T, tasks int) act {
	a := act{
		refuses: chance(t, "refuses", 25),
		life:    drawTime(t, "life", lives),
		ending:  rapid.SampledFrom([]ending{waits, waits, waits, beatsOn, succeeds, succeeds, fails, fails, fails, failsForGood, panics, panics, exits}).Draw(t, "ending"),
		stop:    rapid.SampledFrom([]stopping{obeys, obeys, obeys, dawdles, failsThen, failsForGoodThen, panicsThen}).Draw(t, "stopping"),
	}
	if a.stop == dawdles {
		a.slow = drawTime(t, "slow", []int{1, 5, 9, 10, 11, 50, 1500})
	}
	for range rapid.IntRange(0, 3).Draw(t, "steps") {
		s := step{
			after: drawTime(t, "after", shortly),
			does:  rapid.SampledFrom([]deed{getsReady, getsReady, getsReady, logsUp, beats, reports, holdsOn, callsRunner}).Draw(t, "step"),
		}
		if s.does == callsRunner {
			s.call = drawCall(t, tasks)
		}
		a.steps = append(a.steps, s)
	}
	return a
}
