package host_test

import (
	"os"
	"testing"

	"github.com/hostelry-run/hostelry/host"
)

// TestALaunchThatCannotMendIsNotTriedAgain: a plugin that is gone, and one that is no
// program.
func TestALaunchThatCannotMendIsNotTriedAgain(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"gone": os.Remove,
		"no program": func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.WriteFile(path, []byte("what is this?\n"), 0o700)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := guests(t)
			kind, err := c.Lookup("guest/wait")
			if err != nil {
				t.Fatal(err)
			}
			if err := spoil(kind.Executable()); err != nil {
				t.Fatal(err)
			}
			g := newRig(t, host.Process, host.WithCatalog(c))
			h := g.with("guest/wait", config{}, func(s *host.Spec) { s.Restart = soon })
			_ = g.Run(t.Context())
			if e := taskError(t, h); h.Attempts() != 1 || e.Outcome != host.OutcomeLaunchFailed {
				t.Errorf("%d attempts, %v: %v", h.Attempts(), e.Outcome, e)
			}
		})
	}
}
