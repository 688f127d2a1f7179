package scaffold_test

// Linux: plugins in Python and Node need it.

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/scaffold"
	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// TestNewPlugins: a plugin in Python or Node passes its own tests and runs as it is,
// whatever its name.
func TestNewPlugins(t *testing.T) {
	for language, c := range map[string]struct {
		name    string
		needs   []string // a command that fails where something is missing
		install string
		test    []string
	}{
		"python": {
			"two-2-words", []string{"/usr/bin/python3", "-c", "import grpc, google.protobuf"},
			"apt-get install python3-grpcio python3-protobuf", []string{"/usr/bin/python3", "-m", "unittest"},
		},
		"node": {
			"true", []string{"node", "-e", "require('@grpc/grpc-js'); require('@grpc/proto-loader')"},
			"npm ci --ignore-scripts in examples/node", []string{"node", "--test"},
		},
	} {
		t.Run(language, func(t *testing.T) {
			dir := newPlugin(t, language, c.name)
			if out, err := command(dir, c.needs).CombinedOutput(); err != nil {
				t.Skipf("what a plugin in %s needs is missing (%s): %v\n%s", language, c.install, err, out)
			}
			if out, err := command(dir, c.test).CombinedOutput(); err != nil {
				t.Errorf("its tests: %v\n%s", err, out)
			}
			if got := runPlugin(t, dir, c.name); got != 2 {
				t.Errorf("it greets %d times, want 2", got)
			}
		})
	}
}

// newPlugin writes a plugin that has the packages which the example in its language has.
func newPlugin(t *testing.T, language, name string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := scaffold.Write(dir, language, scaffold.Plugin{Name: name}); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, catalog.Prefix+name), 0o700); err != nil { // whatever the umask
		t.Fatal(err)
	}
	packages, err := filepath.Abs("../../../../examples/node/node_modules")
	if err == nil && language == "node" {
		err = os.Symlink(packages, filepath.Join(dir, "node_modules"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func command(dir string, line []string) *exec.Cmd {
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = dir
	return cmd
}

// runPlugin runs the plugin's kind in a host.
func runPlugin(t *testing.T, dir, name string) (greetings int) {
	t.Helper()
	c := new(catalog.Catalog)
	if err := c.Load(t.Context(), dir, catalog.WithCacheDir(t.TempDir())); err != nil {
		t.Fatal(err)
	}
	r, err := host.New(host.WithCatalog(c), host.WithMode(host.Process), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	h, err := r.Add(host.Spec{ID: "new", Kind: name, Config: map[string]any{"times": 2, "pause": 0}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	result, err := host.Result[struct{ Greetings int }](t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	return result.Greetings
}
