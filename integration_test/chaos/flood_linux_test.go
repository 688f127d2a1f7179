package chaos

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
	"github.com/hostelry-run/hostelry/shared/task"
)

const gigabyte = 1 << 30

// apartRows are acted by tests of their own.
var apartRows = []row{
	{name: "prints a gigabyte", want: succeeds(), how: inTask(func(context.Context) (any, error) {
		var piece bytes.Buffer
		for i := 0; piece.Len() < 1<<20; i++ { // short lines, long ones, records
			fmt.Fprintf(&piece, "%d short\n%s\n", i, bytes.Repeat([]byte("long "), 400))
			fmt.Fprintf(&piece, `{"@level":"info","@message":"record %d","field":%d}`+"\n", i, i)
		}
		for n := 0; n < gigabyte; n += piece.Len() {
			if _, err := os.Stderr.Write(piece.Bytes()); err != nil {
				return nil, err
			}
		}
		return 1, nil
	})},
	{name: "prints for ever", want: overGrace(), stop: true, how: running(func() {
		go floods(os.Stdout)
		floods(os.Stderr)
	})},
	{name: "is foreign, with a grandchild", how: onStream(func(s *rawStream) {
		spawn("grandchild", nil)
		s.run()
		s.recv() // Stop
		s.send(finished(`1`))
	})},
	{name: "is foreign, and frozen", how: onStream(func(s *rawStream) { s.run(); freeze() })},
	{name: "is stubborn", how: running(forever)},
	{name: "is busy", how: inTask(func(ctx context.Context) (any, error) {
		task.Ready(ctx)
		for i := int64(0); task.Sleep(ctx, 5*time.Millisecond) == nil; i++ {
			task.Progress(ctx, i, 0, "")
		}
		return nil, context.Cause(ctx)
	})},
}

// memoryBound is how much more memory than before a host may use for a gigabyte
// of logs: some 10 MB of it is the plugin's launch.
const memoryBound = 64 << 20

// TestAGigabyteOfLogsTakesLittleMemory runs in a process of its own, whose memory
// nobody else uses.
func TestAGigabyteOfLogsTakesLittleMemory(t *testing.T) {
	if testing.Short() || observe.Racing {
		t.Skip("heavy, and the race detector needs much memory of its own")
	}
	const alone = "CHAOS_ALONE"
	if os.Getenv(alone) == "" {
		cmd := exec.Command("/proc/self/exe", "-test.v", "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), alone+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "MB") {
				t.Log(strings.TrimSpace(line))
			}
		}
		return
	}
	s := newStage(t)
	act(t, s, row{name: "warm up", want: fails(host.OutcomeError, "no such row")})
	debug.FreeOSMemory()
	before := observe.Memory(t, "self", "VmRSS")
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // VmHWM begins anew
		t.Fatal(err)
	}
	begin := time.Now()
	log := act(t, s, apartRows[0])
	peak := observe.Memory(t, "self", "VmHWM") - before
	t.Logf("%d MB in %d records took %v and %d MB of memory at most (%d MB before)",
		log.bytes.Load()>>20, log.records.Load(), time.Since(begin).Round(time.Millisecond), peak>>20, before>>20)
	if peak > memoryBound {
		t.Errorf("it took more than %d MB", memoryBound>>20)
	}
	if got := log.bytes.Load(); got < gigabyte*9/10 { // newlines and the records' JSON are not counted
		t.Errorf("only %d bytes of a gigabyte arrived", got)
	}
}

// TestAFloodSlowsItselfAlone measures how long a healthy task takes to answer
// while another prints as fast as it can.
func TestAFloodSlowsItselfAlone(t *testing.T) {
	s := newStage(t)
	var took []time.Duration
	flood := apartRows[1]
	flood.beside = func(t *testing.T, c *company, w *observe.Events) {
		for range 200 {
			took = append(took, c.ask(t, w))
		}
	}
	log := act(t, s, flood)
	slices.Sort(took)
	median, worst := took[len(took)/2], took[len(took)-1]
	t.Logf("beside a flood of %d MB: an answer takes %v at the median, %v at worst", log.bytes.Load()>>20, median, worst)
	if median > 100*time.Millisecond || worst > 3*time.Second {
		t.Error("which is too slow")
	}
}
