package integration_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// pluginDir makes a plugin directory of examples: of "tick", or under another name
// as "clock=tick".
func pluginDir(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		as, from, renamed := strings.Cut(name, "=")
		if !renamed {
			from = as
		}
		install(t, binary(from), filepath.Join(dir, catalog.Prefix+as+exe))
	}
	return dir
}

// install links, or where it cannot copies, an executable to another path.
func install(t *testing.T, from, to string) {
	t.Helper()
	if os.Link(from, to) == nil {
		return
	}
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, to, string(data), 0o700)
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

// cacheDir is where all tests keep what plugins said of themselves, but for those
// that are about that.
func cacheDir() string { return filepath.Join(binaries, "cache") }

// load loads a plugin directory.
func load(t *testing.T, dir string, opts ...catalog.LoadOption) *catalog.Catalog {
	t.Helper()
	c := new(catalog.Catalog)
	opts = append([]catalog.LoadOption{catalog.WithCacheDir(cacheDir())}, opts...)
	if err := c.Load(t.Context(), dir, opts...); err != nil {
		t.Fatal(err)
	}
	return c
}

// newRunner makes a runner of process tasks, which is stopped at the test's end.
func newRunner(t *testing.T, c *catalog.Catalog, opts ...host.Option) *host.Runner {
	t.Helper()
	r, err := host.New(append([]host.Option{
		host.WithCatalog(c), host.WithMode(host.Process), host.WithLogger(slog.New(slog.DiscardHandler)),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Stop(t.Context()) }) // at once: the context has ended
	return r
}

func add(t *testing.T, r *host.Runner, id, kind string, config any) *host.Handle {
	t.Helper()
	h, err := r.Add(host.Spec{ID: id, Kind: kind, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// fields is a config.
type fields map[string]any
