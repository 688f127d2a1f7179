package soak

import (
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// The outcomes of an attempt that did not fail.
const (
	succeeded host.Outcome = "succeeded"
	stopped   host.Outcome = "stopped"
)

// fate is how an attempt ends.
type fate struct {
	name   string
	weight int // how often it is drawn, of the sum of all
	act    func(context.Context) (any, error)
	wants  []host.Outcome // what the host makes of it: one of these
}

// fates are those of every mode.
var fates = []fate{
	{"error", 30, func(context.Context) (any, error) { return nil, errors.New("as fated") }, outcomes(host.OutcomeError)},
	{"panic", 15, func(context.Context) (any, error) { panic("as fated") }, outcomes(host.OutcomePanic)},
	{"goexit", 15, func(context.Context) (any, error) { runtime.Goexit(); return nil, nil }, outcomes(host.OutcomePanic)},
	{"success", 20, func(context.Context) (any, error) { return "as fated", nil }, outcomes(succeeded)},
	{"silence", 3, func(ctx context.Context) (any, error) { return nil, task.Sleep(ctx, time.Hour) }, outcomes(host.OutcomeUnresponsive)},
}

// processFates are those of process mode besides.
var processFates = []fate{
	{"exit", 20, func(context.Context) (any, error) { os.Exit(exitCode); return nil, nil }, outcomes(host.OutcomeExited)},
	{"kill", 20, func(context.Context) (any, error) { return signalSelf(syscall.SIGKILL) }, outcomes(host.OutcomeSignalled)},
	{"freeze", 12, func(context.Context) (any, error) { return signalSelf(syscall.SIGSTOP) }, outcomes(host.OutcomeUnresponsive)},
	// A plugin that wants to write sees that its socket is closed, and exits.
	{"hang up", 12, hangUp, outcomes(host.OutcomeLost, host.OutcomeExited)},
}

// exitCode is the status of who exits.
const exitCode = 7

func outcomes(o ...host.Outcome) []host.Outcome { return o }

// fatesOf are the fates of a mode.
func fatesOf(mode string) []fate {
	if mode == host.Process.String() {
		return slices.Concat(fates, processFates)
	}
	return fates
}

// drawn is what an attempt is to do.
type drawn struct {
	fate fate
	life time.Duration // before; 0 is to crash at once
}

// draw decides an attempt's life. Whoever asks gets the same answer: the attempt,
// wherever it runs, and the test.
func draw(seed uint64, mode, id string, attempt int) drawn {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(id + " " + strconv.Itoa(attempt)))
	random := rand.New(rand.NewPCG(seed, hash.Sum64()))
	all := fatesOf(mode)
	sum := 0
	for _, f := range all {
		sum += f.weight
	}
	var d drawn
	at := random.IntN(sum)
	for _, d.fate = range all {
		if at -= d.fate.weight; at < 0 {
			break
		}
	}
	// One of five crashes at once. A frozen one must have said that it runs, or
	// it is the launch that hangs, which has a time of its own.
	if random.IntN(5) > 0 || d.fate.name == "freeze" {
		d.life = min(time.Millisecond+time.Duration(random.ExpFloat64()*float64(500*time.Millisecond)), 3*time.Second)
	}
	return d
}

// signalSelf returns if the signal did nothing.
func signalSelf(sig syscall.Signal) (any, error) {
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		return nil, err
	}
	return forever()
}

// forever is a bare select, which the runtime would take for a deadlock.
func forever() (any, error) {
	for {
		time.Sleep(time.Hour)
	}
}

// hangUp closes the plugin's sockets behind the back of all who use them.
func hangUp(context.Context) (any, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + entry.Name())
		if fd, err := strconv.Atoi(entry.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			_ = syscall.Close(fd)
		}
	}
	return forever()
}
