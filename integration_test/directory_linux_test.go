package integration_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// badFiles are what a plugin directory may hold besides plugins, with the reason
// in its row.
var badFiles = map[string]struct {
	text   string
	mode   os.FileMode
	reason string
}{
	"README.md":           {"read me\n", 0o600, "does not begin with hostelry-"},
	"hostelry-text":       {"just text\n", 0o600, "not executable: chmod +x"},
	"hostelry-script":     {"just text\n", 0o700, "a text without an interpreter"},
	"hostelry-noexec":     {"#!/bin/sh\n", 0o600, "not executable: chmod +x"},
	"hostelry-hangs":      {"#!/bin/sh\nexec sleep 1000\n", 0o700, "start timeout of 1s"},
	"hostelry-stubborn":   {"#!/bin/sh\ntrap '' TERM INT HUP\nsleep 1000 & sleep 1000\n", 0o700, "start timeout of 1s"},
	"hostelry-garbage":    {"#!/bin/sh\nhead -c 100000 /dev/urandom\nexec sleep 1000\n", 0o700, "not a plugin"},
	"hostelry-ends":       {"#!/bin/sh\necho no licence >&2\nexit 3\n", 0o700, "no licence"},
	"hostelry-Upper":      {"#!/bin/sh\n", 0o700, "inner hyphens"},
	"hostelry-no-sh":      {"#!/no/such/interpreter\n", 0o700, "interpreter"},
	"hostelry-elsewhere":  {"#!/bin/sh\necho '1|1|unix|/tmp/elsewhere.sock|grpc'\nexec sleep 1000\n", 0o700, "outside the directory"},
	"hostelry-nobody":     {"#!/bin/sh\necho \"1|1|unix|$PLUGIN_UNIX_SOCKET_DIR/none.sock|grpc\"\nexec sleep 1000\n", 0o700, "no such file or directory; it must listen there before"},
	"hostelry-from-later": {"#!/bin/sh\necho '1|99|unix|/tmp/x|grpc'\nexec sleep 1000\n", 0o700, "protocol version 99"},
}

func TestBadFilesAreRowsAndTheGoodPluginsRun(t *testing.T) {
	leavesNothing(t)
	dir := pluginDir(t, "digest", "tick")
	for name, f := range badFiles {
		writeFile(t, filepath.Join(dir, name), f.text, f.mode)
	}
	if err := os.Mkdir(filepath.Join(dir, "hostelry-folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	install(t, "/bin/true", filepath.Join(dir, "hostelry-true"))

	began := time.Now()
	c := load(t, dir, catalog.WithStartTimeout(time.Second), catalog.WithCacheDir(t.TempDir()))
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("to load the directory took %v", took)
	}
	reasons := map[string]string{"hostelry-folder": "it is a directory", "hostelry-true": "it ended before its handshake with exit status 0"}
	for name, f := range badFiles {
		reasons[name] = f.reason
	}
	rows := c.Plugins()
	if len(rows) != len(reasons)+2 {
		t.Errorf("%d rows, want %d", len(rows), len(reasons)+2)
	}
	for _, row := range rows {
		reason, bad := reasons[filepath.Base(row.Path)]
		switch {
		case !bad && (row.Err != nil || len(row.Kinds) != 1 || row.Version != "0.1.0"):
			t.Errorf("%s: %+v", row.Path, row)
		case bad && (row.Err == nil || !strings.Contains(row.Err.Error(), reason) || strings.Contains(row.Err.Error(), "\n")):
			t.Errorf("%s: %v; want one line with %q", row.Path, row.Err, reason)
		}
	}
	if left := pluginsOf(t, os.Getpid()); len(left) > 0 {
		t.Errorf("after Load there are processes %v", left)
	}

	r := newRunner(t, c)
	ticker := add(t, r, "ticker", "tick", fields{"interval": "1ms", "count": 1})
	hasher := add(t, r, "hasher", "digest", fields{"root": t.TempDir()})
	if err := r.Run(t.Context()); err != nil {
		t.Errorf("Run: %v", err)
	}
	if ticker.State() != host.StateSucceeded || hasher.State() != host.StateSucceeded {
		t.Errorf("the good ones %v and %v", ticker.State(), hasher.State())
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	leavesNothing(t)
	dir := pluginDir(t)
	writeFile(t, filepath.Join(dir, "hostelry-hangs"), "#!/bin/sh\nexec sleep 1000\n", 0o700)
	why := errors.New("the user went away")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, why)
	defer cancel()
	c := new(catalog.Catalog)
	err := c.Load(ctx, dir, catalog.WithCacheDir(t.TempDir()), catalog.WithStartTimeout(time.Hour))
	if !errors.Is(err, why) || !strings.Contains(err.Error(), dir) {
		t.Errorf("Load: %v, want the context's cause and the directory", err)
	}
	if left := pluginsOf(t, os.Getpid()); len(left) > 0 {
		t.Errorf("after Load there are processes %v", left)
	}
	if err := c.Load(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of a missing directory: %v", err)
	}
}

// A plugin's description is kept by the plugin's content: a second Load launches
// nothing, and another content is asked again.
func TestDescriptionIsAskedOnce(t *testing.T) {
	leavesNothing(t)
	dir, cache, launches := pluginDir(t), t.TempDir(), filepath.Join(t.TempDir(), "launches")
	if err := os.Chmod(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho launched >>" + launches + "\nexec " + binary("tick") + "\n"
	file := filepath.Join(dir, "hostelry-tick")
	writeFile(t, file, script, 0o700)
	wantLaunches := func(want int) {
		t.Helper()
		c := load(t, dir, catalog.WithCacheDir(cache))
		if p := c.Plugins(); len(p) != 1 || p[0].Err != nil || len(p[0].Kinds) != 1 {
			t.Fatalf("the plugins are %+v", p)
		}
		text, err := os.ReadFile(launches)
		if got := strings.Count(string(text), "launched"); err != nil || got != want {
			t.Errorf("%d launches, %v; want %d", got, err, want)
		}
	}
	wantLaunches(1)
	wantLaunches(1)
	writeFile(t, file, script+"# a newer version\n", 0o700)
	wantLaunches(2)
	wantLaunches(2)
	writeFile(t, file, script, 0o700) // the older one is known
	wantLaunches(2)

	r := newRunner(t, load(t, dir, catalog.WithCacheDir(cache)))
	add(t, r, "a", "tick", fields{"interval": "1ms", "count": 1})
	if err := r.Run(t.Context()); err != nil {
		t.Errorf("Run: %v", err)
	}
	wantLaunches(3)
}

// A plugin directory, a cache or a TMPDIR whose path is too long for a socket is no
// reason to fail.
func TestLongPaths(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", leavesNothing(t)) // is short
	long := filepath.Join(t.TempDir(), strings.Repeat("long-", 40), strings.Repeat("longer-", 20))
	if err := os.MkdirAll(filepath.Join(long, "plugins"), 0o700); err != nil {
		t.Fatal(err)
	}
	install(t, binary("tick"), filepath.Join(long, "plugins", "hostelry-tick"))
	t.Setenv("TMPDIR", long)
	r := newRunner(t, load(t, filepath.Join(long, "plugins"), catalog.WithCacheDir(filepath.Join(long, "cache"))))
	add(t, r, "a", "tick", fields{"interval": "1ms", "count": 1})
	if err := r.Run(t.Context()); err != nil {
		t.Errorf("Run: %v", err)
	}
}
