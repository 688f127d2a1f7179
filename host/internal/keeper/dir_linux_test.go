package keeper_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
)

// TestDir: it is where the environment says, the same for all who ask, and gone when the
// keeper was closed.
func TestDir(t *testing.T) {
	tmp, err := os.MkdirTemp("/tmp", "k") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	shared := filepath.Join(tmp, "shared")
	if err := os.Mkdir(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(tmp))
	for name, c := range map[string]struct{ tmp, run string }{
		"temporary files":           {tmp, "/nowhere"},
		"the session's":             {"", tmp},
		"there are none where told": {"/nowhere", tmp},
		"the path is too long":      {"/tmp/" + strings.Repeat("x", 40), tmp},
		"the path is relative":      {filepath.Base(tmp), "/nowhere"},
		"others can write there":    {shared, tmp},
	} {
		t.Setenv("TMPDIR", c.tmp)
		t.Setenv("XDG_RUNTIME_DIR", c.run)
		k := keeper.Start(slog.New(slog.DiscardHandler))
		first, release, err := k.Dir()
		second, _, again := k.Dir()
		if err != nil || again != nil || first != second || filepath.Dir(first) != tmp {
			t.Errorf("%s: %q, %v, then %q, %v", name, first, err, second, again)
		}
		if err == nil {
			release()
		}
		k.Close()
		if _, err := os.Stat(first); !os.IsNotExist(err) {
			t.Errorf("%s: after Close: %v", name, err)
		}
	}
}
