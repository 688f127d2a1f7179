//go:build unix

package catalog_test

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/catalog"
)

func TestLoadWantsADirectory(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	file := d.file("file", "", 0o600)
	for _, path := range []string{file, filepath.Join(d.path, "missing")} {
		var c catalog.Catalog
		err := c.Load(t.Context(), path, catalog.WithCacheDir(d.store))
		var pathError *fs.PathError
		if !errors.As(err, &pathError) || !strings.Contains(err.Error(), "plugin directory "+path) {
			t.Errorf("Load(%s): %v", path, err)
		}
	}
	if c := d.load(); len(c.Plugins()) != 1 || len(c.Kinds()) != 0 {
		t.Errorf("rows: %v", c.Plugins())
	}
}

func TestWithStartTimeoutRefuses(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	for _, timeout := range []time.Duration{0, -time.Second} {
		if _, err := d.tryLoad(t.Context(), catalog.WithStartTimeout(timeout)); err == nil || !strings.Contains(err.Error(), "not positive") {
			t.Errorf("%v: %v", timeout, err)
		}
	}
}

func TestStartTimeoutBoundsTheWholeLoad(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	for i := range 10 {
		d.plugin("hangs-"+strconv.Itoa(i), "exec sleep 1000")
	}
	began := time.Now()
	c := d.load(catalog.WithStartTimeout(time.Second))
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("10 plugins that hang took %v with a start timeout of 1s", took)
	}
	for _, p := range c.Plugins() {
		wantBad(t, c, p.Name, "start timeout of 1s")
	}
}

func TestLoadEndsWithItsContextAndLeavesNoProcess(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	pipe := filepath.Join(t.TempDir(), "pids")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d.offers("good", "a")
	const n = 5
	for i := range n {
		d.plugin("hangs-"+strconv.Itoa(i), "trap '' TERM; sleep 1000 & echo $$ $! >'"+pipe+"'; wait")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	loaded := make(chan error, 1)
	var c catalog.Catalog
	go func() { loaded <- c.Load(ctx, d.path, catalog.WithCacheDir(d.store)) }() // ends with ctx
	var pids []int
	for lines := bufio.NewScanner(f); len(pids) < 2*n && lines.Scan(); {
		for word := range strings.FieldsSeq(lines.Text()) {
			pid, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	why := errors.New("enough")
	cancel(why)
	if err := <-loaded; !errors.Is(err, why) || !strings.Contains(err.Error(), d.path) {
		t.Errorf("Load: %v", err)
	}
	for _, pid := range pids {
		if running(t, pid) {
			t.Errorf("process %d is left", pid)
		}
	}
	if len(c.Plugins()) != 0 || len(c.Kinds()) != 0 {
		t.Errorf("a load that was given up left rows: %v", c.Plugins())
	}
}

// running reports whether there is a process that is neither gone nor dead and
// waiting for whoever inherited it.
func running(t *testing.T, pid int) bool {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err == nil {
		_, after, _ := strings.Cut(string(stat), ") ")
		return !strings.HasPrefix(after, "Z")
	}
	return syscall.Kill(pid, 0) == nil
}

func TestASecondLoadLaunchesNothing(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	one := d.offers("one", "a")
	d.offers("two", "b", "c")
	d.says("liar", `{"name":"liar","version":"1","kinds":[]}`)
	d.plugin("exits", "exit 3")
	first := d.load()
	d.wantLaunched("exits", "liar", "one", "two")
	second := d.load()
	d.wantLaunched("exits") // it may have exited for a reason that is over
	if a, b := rows(first), rows(second); a != b {
		t.Errorf("first:\n%s\nsecond:\n%s", a, b)
	}
	for i, k := range first.Kinds() {
		other := second.Kinds()[i]
		if k.Executable() != other.Executable() || k.File() != other.File() || string(k.Schema) != string(other.Schema) {
			t.Errorf("kind %s was loaded as %+v, and then as %+v", k.Name, k, other)
		}
	}

	if err := os.Chtimes(one, time.Now(), time.Now().Add(time.Hour)); err != nil { // the same bytes
		t.Fatal(err)
	}
	d.offers("two", "b", "d")
	third := d.load()
	d.wantLaunched("exits", "two")
	wantGood(t, third, "one", "a")
	wantGood(t, third, "two", "b", "d")
}

func rows(c *catalog.Catalog) string {
	var lines []string
	for _, p := range c.Plugins() {
		lines = append(lines, row(p))
	}
	return strings.Join(lines, "\n")
}
