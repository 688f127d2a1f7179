package pluginproc_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/host/internal/rlimit"
)

// TestBusyFile: a plugin that something still has open for writing is launched once that
// is over, however long it takes, or until the launch is given up.
func TestBusyFile(t *testing.T) {
	for name, limits := range map[string]rlimit.Limits{"plain": {}, "under limits": {OpenFiles: 200}} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			c := configOf(t, &logbook{}, as("good"))
			c.Limits = limits
			self, err := os.Open(c.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer self.Close()
			c.Path = filepath.Join(t.TempDir(), "busy")
			busy, err := os.OpenFile(c.Path, os.O_WRONLY|os.O_CREATE, 0o700)
			if err != nil {
				t.Fatal(err)
			}
			defer busy.Close()
			if _, err := io.Copy(busy, self); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if err := fails(t, ctx, c); limits == (rlimit.Limits{}) && !strings.Contains(err.Error(), "text file busy: something still has it open for writing") {
				t.Errorf("given up: %v", err)
			}
			time.AfterFunc(300*time.Millisecond, func() { _ = busy.Close() })
			p, err := pluginproc.Launch(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			p.Kill()
		})
	}
}

// TestTooLargeAnEnvironment: the system says no more than that something is too long.
func TestTooLargeAnEnvironment(t *testing.T) {
	leavesNothing(t)
	c := configOf(t, &logbook{}, as("good"))
	c.Env = append(c.Env, "BIG="+strings.Repeat("x", 128<<10))
	err := fails(t, t.Context(), c)
	for _, want := range []string{"argument list too long", "its environment is too large", "BIG, of 131076 bytes"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("it says %q, want %q in it", err, want)
		}
	}
}
