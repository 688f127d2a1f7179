package readiness_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/readiness"
)

// self runs this test binary, in the role that play has set.
var self = readiness.Check{Exec: []string{os.Args[0], "a b"}}

func TestExecPasses(t *testing.T) {
	play(t, "pass")
	if err := self.Await(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestExecPassesAtLast(t *testing.T) {
	accept := play(t, "ask")
	passed := make(chan error, 1)
	go func() { passed <- self.Await(t.Context()) }() // ends with the third command
	for _, status := range []byte{3, 1, 0} {
		if _, err := accept().Write([]byte{status}); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-passed; err != nil {
		t.Error(err)
	}
}

// hungUp waits for the end of the process at the other end.
func hungUp(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func TestExecKillsTheWholeTree(t *testing.T) {
	accept := play(t, "tree")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- self.Await(ctx) }() // ends by cancel
	parent, child := accept(), accept()
	cancel(errOver)
	if err := <-ended; !errors.Is(err, errOver) || !strings.HasSuffix(err.Error(), ": no answer yet)") {
		t.Errorf("error is %v", err)
	}
	hungUp(parent)
	hungUp(child)
}

func TestExecKillsWhatACommandLeavesBehind(t *testing.T) {
	accept := play(t, "background")
	passed := make(chan error, 1)
	go func() { passed <- self.Await(t.Context()) }() // ends with the command
	a, b := accept(), accept()
	for _, conn := range []net.Conn{a, b} { // one of them is the command's
		_, _ = conn.Write([]byte{0})
	}
	if err := <-passed; err != nil {
		t.Error(err)
	}
	hungUp(a)
	hungUp(b)
}

func TestExecFails(t *testing.T) {
	play(t, "fail")
	stderr := strings.Repeat("x", 512-len(" no\nserver \xff\n\n")) + ` no\nserver`
	awaitInVain(t, self, `(last try: `+self.String()+`: exit status 3; the end of its stderr: "`+stderr+`")`)
}

func TestExecNotFound(t *testing.T) {
	for program, want := range map[string]error{
		"no-such-program":                exec.ErrNotFound,
		t.TempDir() + "/no-such-program": fs.ErrNotExist,
	} {
		check := readiness.Check{Exec: []string{program}}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errOver)
			defer cancel()
			err := check.Await(ctx)
			if !errors.Is(err, errOver) || !errors.Is(err, want) || strings.Count(err.Error(), program) != 1 {
				t.Errorf("error is %q, want one that is %q", err, want)
			}
		})
	}
}
