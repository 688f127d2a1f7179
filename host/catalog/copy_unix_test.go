//go:build unix

package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestHostsThatLoadAtOnceDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	raw, err := os.ReadFile(d.offers("one", "a"))
	if err != nil {
		t.Fatal(err)
	}
	d.file("hostelry-two", string(raw), 0o700) // the same bytes
	d.offers("three", "b", "c")
	want := "one 1.2.3 a\nthree 1.2.3 b,c\ntwo 1.2.3 a"
	var loading sync.WaitGroup
	for range 2 {
		loading.Go(func() {
			if got := hosted(t, nil, d.path, d.store); got != want {
				t.Errorf("another process has the rows\n%s", got)
			}
		})
	}
	for range 3 {
		loading.Go(func() {
			c, err := d.tryLoad(t.Context())
			if err != nil {
				t.Error(err)
			}
			if got := rows(c); got != want {
				t.Errorf("the rows are\n%s", got)
			}
			for _, k := range c.Kinds() {
				if sum := hashOf(t, k.Executable()); sum != filepath.Base(filepath.Dir(k.Executable())) {
					t.Errorf("%s has the sha256 %s", k.Executable(), sum)
				}
			}
		})
	}
	loading.Wait()
}

// hosted loads a directory in another process, perhaps as another user, and
// returns what that prints: its rows.
func hosted(t *testing.T, as *syscall.Credential, dir, store string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Error(err)
	}
	cmd := exec.Command(self, "hosting", dir, store)
	if as != nil { // to whom this binary's own directory is closed
		cmd.Path = filepath.Join(openDir(t), "host")
		link(t, cmd.Path)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"}
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Errorf("%v: %s", err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// openDir is a temporary directory that every user can enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir := privateDir(t)
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWhatRunsIsWhatWasChecked(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	replaced, rewritten := d.offers("replaced", "a"), d.offers("rewritten", "b")
	c := d.load()
	for _, p := range c.Plugins() {
		if sum := hashOf(t, p.Path); sum != p.SHA256 {
			t.Errorf("%s has the sha256 %s, its row says %s", p.Path, sum, p.SHA256)
		}
	}
	evil := "#!/bin/sh\necho evil\n"
	if err := os.WriteFile(rewritten, []byte(evil), 0o700); err != nil {
		t.Fatal(err)
	}
	fresh := d.file("evil", evil, 0o700)
	if err := os.Rename(fresh, replaced); err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Plugins() {
		if sum := hashOf(t, p.Kinds[0].Executable()); sum != p.SHA256 {
			t.Errorf("what runs for %s has the sha256 %s, what was checked %s", p.Path, sum, p.SHA256)
		}
	}
}

// A plugin that is being rewritten is loaded as it was at some moment, and it is
// that which its row names; or it is torn, and then no plugin.
func TestAPluginThatIsBeingRewritten(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	path := d.plugin("one", "exit 1 #"+strings.Repeat("a", 100_000))
	texts := make([][]byte, 2)
	for i, letter := range []string{"a", "b"} {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = bytes.ReplaceAll(raw, []byte("aaaa"), []byte(strings.Repeat(letter, 4)))
	}
	done := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() { // ends with done
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				_, _ = f.WriteAt(texts[i%2], 0)
			}
		}
	})
	var sums []string
	for range 10 {
		p := find(t, d.load(), "one")
		sums = append(sums, p.SHA256)
		if _, err := os.Stat(filepath.Join(d.store, p.SHA256, "hostelry-one")); err != nil {
			t.Errorf("there is no copy of what was loaded: %v", err)
		}
	}
	close(done)
	writing.Wait()
	slices.Sort(sums)
	t.Logf("it had %d different hashes", len(slices.Compact(sums))) // checkStore checks the copies
}

// TestStopWhileCopying: a stop does not wait for the end of a file of a terabyte.
func TestStopWhileCopying(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	path := d.file("hostelry-vast", "#!/bin/sh\n", 0o700)
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errStopped)
	defer cancel()
	if _, err := d.tryLoad(ctx); !errors.Is(err, errStopped) {
		t.Errorf("it was loaded: %v", err)
	}
}

var errStopped = errors.New("stopped")
