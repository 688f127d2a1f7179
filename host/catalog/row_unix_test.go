//go:build unix

package catalog_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
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
