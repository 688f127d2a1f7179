package readiness_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/readiness"
)

func init() {
	roles["host"] = func() { // dies while its check runs
		_ = os.Setenv(roleKey, "hang")
		_ = self.Await(context.Background())
	}
	roles["straggle"] = func() {
		start("hang", &syscall.SysProcAttr{Setsid: true})
	}
}

func TestExecDiesWithItsHost(t *testing.T) {
	accept := play(t, "host")
	host := exec.Command(os.Args[0])
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	command := accept()
	_ = host.Process.Kill()
	_ = host.Wait()
	hungUp(command)
}

// A process that left the group keeps stderr open, and does not keep the check.
func TestExecDoesNotWaitForStragglers(t *testing.T) {
	accept := play(t, "straggle")
	if err := self.Await(t.Context()); err != nil {
		t.Error(err)
	}
	accept().Close() // ends the straggler
}

func TestNoDescriptorIsLeft(t *testing.T) {
	play(t, "pass")
	addr, _ := reserve(t)
	l := listen(t)
	accepts := l.Addr().String()
	checks := []readiness.Check{
		self,
		{Exec: []string{"no-such-program"}},
		{TCP: accepts},
		{TCP: addr},
		{HTTP: "http://" + addr},
	}
	run := func() {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) }))
		defer server.Close() // waits for its connections
		for _, check := range append(checks, readiness.Check{HTTP: server.URL}) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				_ = check.Await(ctx)
			})
		}
	}
	run() // what the runtime opens once is open
	before := descriptors(t)
	for range 5 {
		run()
	}
	if after := descriptors(t); after > before {
		t.Errorf("descriptors grew from %d to %d", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
