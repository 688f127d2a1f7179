//go:build unix

package catalog_test

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/catalog"
)

// link makes a link or a copy of this binary: a plugin that is no script.
func link(t *testing.T, path string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if os.Link(self, path) == nil {
		return
	}
	raw, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, string(raw), 0o700)
}

func TestLoadTakesTheGoodAndSaysWhatIsWrongWithTheOthers(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "a", "b")
	d.offers("two", "c")
	link(t, filepath.Join(d.path, "hostelry-native"))
	if err := os.Symlink("hostelry-two", filepath.Join(d.path, "hostelry-linked")); err != nil {
		t.Fatal(err)
	}

	bad := d.addBad()
	d.file(".hostelry-hidden", "", 0o700)
	d.file("README", "read me", 0o600)
	d.file("hostelry", "", 0o700)
	d.file("hostelry-Bad_Name", "", 0o700)
	d.file("hostelry-", "", 0o700)

	c := d.load(catalog.WithStartTimeout(4 * time.Second))
	wantGood(t, c, "one", "a", "b")
	wantGood(t, c, "two", "c")
	wantGood(t, c, "native", "native")
	wantGood(t, c, "linked", "c")
	for name, words := range bad {
		wantBad(t, c, name, words...)
	}
	wantBad(t, c, "Bad_Name", "a-z, 0-9")
	wantBad(t, c, "", "a-z, 0-9")
	for _, name := range []string{"README", "hostelry"} {
		if err := find(t, c, name).Err; !errors.Is(err, catalog.ErrNotNamed) {
			t.Errorf("the reason of %s is %v", name, err)
		}
	}
	if n := len(c.Plugins()); n != 4+len(bad)+4 {
		t.Errorf("%d rows, want %d: %v", n, 4+len(bad)+4, c.Plugins())
	}
	if !slices.IsSortedFunc(c.Plugins(), func(a, b catalog.Plugin) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("the rows are not sorted by path")
	}
	for _, p := range c.Plugins() {
		if filepath.Dir(p.Path) != d.path {
			t.Errorf("the path of %q is %s", p.Name, p.Path)
		}
		if (p.SHA256 != "") != (p.Err == nil || d.readable(p.Name)) {
			t.Errorf("the sha256 of %q is %q", p.Name, p.SHA256)
		}
	}
	var names []string
	for _, k := range c.Kinds() {
		names = append(names, k.Plugin+"/"+k.Name)
		if k.Description != "does nothing" {
			t.Errorf("the description of %s is %q", k.Name, k.Description)
		}
	}
	if want := []string{"one/a", "one/b", "linked/c", "two/c", "native/native"}; !slices.Equal(names, want) {
		t.Errorf("kinds: %v, want %v", names, want)
	}
}

// addBad adds one unusable plugin of each sort and returns words of its reason.
func (d *directory) addBad() map[string][]string {
	d.t.Helper()
	must := func(err error) {
		if err != nil {
			d.t.Fatal(err)
		}
	}
	must(os.Mkdir(filepath.Join(d.path, "hostelry-directory"), 0o700))
	must(syscall.Mkfifo(filepath.Join(d.path, "hostelry-pipe"), 0o700))
	must(os.Symlink("nowhere", filepath.Join(d.path, "hostelry-dangling")))
	must(os.Symlink("hostelry-loop", filepath.Join(d.path, "hostelry-loop")))
	d.socket("hostelry-socket")
	d.file("hostelry-text", "just text", 0o600)
	d.file("hostelry-prose", "just text", 0o700)
	d.file("hostelry-empty", "", 0o700)
	d.file("hostelry-magic", "\x7fELF\x02\x01\x01 and so on", 0o700)
	d.file("hostelry-orphan", "#!/no/such/interpreter\n", 0o700)
	d.plugin("exits", "echo the disk is full >&2; exit 3")
	d.plugin("ends", "exit 0")
	d.plugin("dies", "kill -9 $$")
	d.plugin("silent", "exec sleep 1000")
	d.plugin("garbage", "echo hello world; exec sleep 1000")
	d.plugin("binary", "head -c 300000 /dev/zero; exec sleep 1000")
	d.plugin("endless", "exec cat /dev/zero")
	d.plugin("nobody", `echo "1|1|unix|$PLUGIN_UNIX_SOCKET_DIR/nobody|grpc"; exec sleep 1000`)
	d.plugin("elsewhere", `echo "1|1|unix|/tmp/elsewhere|grpc"; exec sleep 1000`)
	d.plugin("newer", `echo "1|99|unix|$PLUGIN_UNIX_SOCKET_DIR/x|grpc"; exec sleep 1000`)
	d.plugin("mute", role(d.t, "mute"))
	return map[string][]string{
		"directory": {"directory"}, "pipe": {"regular file"}, "socket": {"regular file"},
		"dangling": {"no such file"}, "loop": {"symbolic links"},
		"text":  {"not executable", "chmod +x " + filepath.Join(d.path, "hostelry-text")},
		"prose": {"not a program"}, "empty": {"not a program"}, "magic": {"not a program"},
		"orphan": {"interpreter", "missing"},
		"exits":  {"exit status 3", "the disk is full"}, "ends": {"exit status 0"}, "dies": {"signal 9"},
		"silent": {"start timeout of 4s"}, "garbage": {"not a plugin", "hello world"},
		"binary": {"not a plugin"}, "endless": {"not a plugin"},
		"nobody": {"nobody"}, "elsewhere": {"/tmp/elsewhere"}, "newer": {"99"},
		"mute": {"start timeout of 4s"},
	}
}

// readable reports whether the plugin of that name is bad, but a file of bytes.
func (d *directory) readable(name string) bool {
	return !slices.Contains([]string{
		"directory", "pipe", "dangling", "loop", "socket", "text", // no executable
		"README", "hostelry", "Bad_Name", "", // not looked at
	}, name)
}

// socket makes a socket in the directory by a short path.
func (d *directory) socket(name string) {
	d.t.Helper()
	short, err := os.MkdirTemp("/tmp", "catalog")
	if err != nil {
		d.t.Fatal(err)
	}
	defer os.RemoveAll(short)
	l, err := net.Listen("unix", filepath.Join(short, name))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = l.Close() })
	if err := os.Rename(filepath.Join(short, name), filepath.Join(d.path, name)); err != nil {
		d.t.Fatal(err)
	}
}

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
		for _, word := range strings.Fields(lines.Text()) {
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

func TestTheSameBytesUnderTwoNames(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	path := d.offers("one", "a")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d.file("hostelry-two", string(raw), 0o700)
	for range 2 {
		c := d.load()
		one, two := wantGood(t, c, "one", "a"), wantGood(t, c, "two", "a")
		if one.SHA256 != two.SHA256 || one.Kinds[0].Executable() == two.Kinds[0].Executable() {
			t.Errorf("copies: %s and %s", one.Kinds[0].Executable(), two.Kinds[0].Executable())
		}
		for _, p := range []catalog.Plugin{one, two} {
			k := p.Kinds[0]
			if k.File() != p.Path || filepath.Base(k.Executable()) != filepath.Base(p.Path) {
				t.Errorf("%s is launched as %s for %s", p.Path, k.Executable(), k.File())
			}
			if sum := hashOf(t, k.Executable()); sum != p.SHA256 {
				t.Errorf("the copy of %s has the sha256 %s, want %s", p.Name, sum, p.SHA256)
			}
		}
	}
}

func TestTheSameKindInTwoPluginsIsAmbiguous(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "shared", "own")
	d.offers("two", "shared")
	c := d.load()
	if err := c.Register(kind("own")); err != nil {
		t.Fatal(err)
	}
	_, err := c.Lookup("shared")
	var ambiguous *catalog.AmbiguousKindError
	if !errors.As(err, &ambiguous) || ambiguous.Name != "shared" || !slices.Equal(ambiguous.Plugins, []string{"one", "two"}) {
		t.Errorf("Lookup: %v", err)
	} else if want := `kind "shared" is offered by one and two: write one/shared or two/shared`; err.Error() != want {
		t.Errorf("Lookup: %v, want %s", err, want)
	}
	if _, err := c.Lookup("own"); !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Plugins, []string{catalog.BuiltIn, "one"}) {
		t.Errorf("Lookup: %v", err)
	}
	for name, plugin := range map[string]string{"one/shared": "one", "two/shared": "two", "one/own": "one", "builtin/own": ""} {
		if k, err := c.Lookup(name); err != nil || k.Plugin != plugin || k.IsBuiltIn() != (plugin == "") {
			t.Errorf("Lookup(%s): %v of plugin %q", name, err, k.Plugin)
		}
	}
	var unknown *catalog.UnknownKindError
	for name, nearest := range map[string]string{"two/own": "builtin/own", "builtin/shared": "one/shared", "one/shred": "one/shared", "one/x": ""} {
		if _, err := c.Lookup(name); !errors.As(err, &unknown) || unknown.Nearest != nearest {
			t.Errorf("Lookup(%s): %v, want the nearest to be %q", name, err, nearest)
		}
	}
}
