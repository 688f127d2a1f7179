package pluginproc_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/host/internal/rlimit"
)

var errHurry = errors.New("no time left")

// fails launches what must not succeed, and returns why.
func fails(t *testing.T, ctx context.Context, c pluginproc.Config) *pluginproc.LaunchError { //nolint:revive // t comes first in tests
	t.Helper()
	p, err := pluginproc.Launch(ctx, c)
	if err == nil {
		p.Kill()
		t.Fatal("it was launched")
	}
	var failed *pluginproc.LaunchError
	if !errors.As(err, &failed) {
		t.Fatalf("the error is a %T: %v", err, err)
	}
	if strings.Contains(err.Error(), "\n") || len(err.Error()) > 700 {
		t.Errorf("the error is not one short line: %q", err)
	}
	return failed
}

// TestBadPlugins: the error says what is wrong, and what to do.
func TestBadPlugins(t *testing.T) {
	for role, c := range map[string]struct {
		want   []string // in the error
		status int      // exit status, where it ended by itself
	}{
		"prints first":    {[]string{"it is not a plugin, or it printed to stdout before its handshake", `"hello" is not a plugin's handshake`}, -1},
		"prints a lot":    {[]string{"it is not a plugin", `xxx"... is not a plugin's handshake`}, -1},
		"half and exit":   {[]string{"it is not a plugin", `"1|1|unix|" is not a plugin's handshake`}, -1},
		"a long line":     {[]string{"it is not a plugin, or it printed to stdout before its handshake"}, -1},
		"64 KB of path":   {[]string{"it is not a plugin", "its first line is longer than"}, -1},
		"64 KB less one":  {[]string{"it is not a plugin", "its first line is longer than"}, -1},
		"elsewhere":       {[]string{`listens at "/tmp/s.sock", outside the directory that $PLUGIN_UNIX_SOCKET_DIR names`}, -1},
		"by dots":         {[]string{`/../../s.sock", outside the directory`}, -1},
		"tcp":             {[]string{`listens on tcp "127.0.0.1:1"; on this system it must be a unix socket`}, -1},
		"not there":       {[]string{"it cannot be reached at", "s.sock", "no such file or directory", "(stderr: here)"}, -1},
		"another version": {[]string{"its handshake does not fit this host: the plugin speaks protocol version 7, this host 1"}, -1},
		"hangs up":        {[]string{"it cannot be reached at", "s.sock"}, -1},
		"exits":           {[]string{"it ended before its handshake with exit status 3", "is it a plugin? start it by hand to see", "(stderr: no licence)"}, 3},
		"succeeds":        {[]string{"it ended before its handshake with exit status 0; is it a plugin?"}, 0},
		"panics":          {[]string{"it ended before its handshake with exit status 2", "(stderr: panic: boom"}, 2},
		"killed":          {[]string{"it was killed by signal 9 (killed) before its handshake"}, -1},
		"shakes, exits":   {[]string{"it ended after its handshake, before it served, with exit status 4"}, 4},
	} {
		t.Run(role, func(t *testing.T) {
			leavesNothing(t)
			err := fails(t, t.Context(), configOf(t, &logbook{}, as(role)))
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it says %q, want %q in it", err, want)
				}
			}
			itself := c.status >= 0 || role == "killed"
			if err.Exited != itself || itself && err.Exit.Code != c.status {
				t.Errorf("Exited is %v, with %v", err.Exited, err.Exit)
			}
		})
	}
}

// TestBadFiles: what the system refuses to start.
func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		path, want string
	}{
		"missing":              {filepath.Join(dir, "missing"), "no such file or directory: the file is missing"},
		"not executable":       {file("plain", "#!/bin/sh\n", 0o644), "permission denied; make it executable: chmod +x " + dir + "/plain"},
		"a directory":          {dir, "permission denied"},
		"text":                 {file("text", "hello\n", 0o755), "exec format error: not a program for this system: it is a text without an interpreter"},
		"no interpreter":       {file("no", "#! \n", 0o755), "its first line names no interpreter"},
		"a byte order mark":    {file("bom", "\xef\xbb\xbf#!/bin/sh\n", 0o755), "a byte order mark stands before its first line"},
		"empty":                {file("empty", "", 0o755), "not a program for this system: it is empty"},
		"half a program":       {file("half", "\x7fELF\x02\x01\x01", 0o755), "not a program for this system: it is damaged or cut short"},
		"another machine's":    {file("arm", patched(t, 18, 0xb7), 0o755), "it is built for AARCH64; build it for linux/" + runtime.GOARCH},
		"an object file":       {file("object", patched(t, 16, 1), 0o755), "it is built for a linker: it is an object file"},
		"Windows'":             {file("pe", "MZ\x90\x00", 0o755), "it is built for Windows; build it for linux/" + runtime.GOARCH},
		"macOS'":               {file("macho", "\xcf\xfa\xed\xfe\x00", 0o755), "it is built for macOS; build it for linux/" + runtime.GOARCH},
		"bytes":                {file("bytes", "\x00\x01\x02", 0o755), "not a program for this system: build it for"},
		"missing interpreter":  {file("script", "#!/nowhere/perl -w\n", 0o755), `the interpreter "/nowhere/perl" is missing: install it, or name another`},
		"Windows' line ends":   {file("crlf", "#!/bin/sh\r\nexit\r\n", 0o755), `the interpreter "/bin/sh\r": its lines end as on Windows`},
		"relative interpreter": {file("relative", "#!bin/nothing\n", 0o755), `the interpreter "bin/nothing": give its whole path`},
		"interpreter is text":  {file("bytext", "#!"+dir+"/plain\n", 0o755), `its interpreter "` + dir + `/plain" may not be executed`},
		"interpreter is a dir": {file("bydir", "#!"+dir+"\n", 0o755), "names a directory as its interpreter"},
		"a script that fails":  {file("sh", "#!/bin/sh\necho oh no >&2\nexit 7\n", 0o755), "it ended before its handshake with exit status 7; is it a plugin? start it by hand to see (stderr: oh no)"},
	} {
		for how, limits := range map[string]rlimit.Limits{"plain": {}, "under limits": {OpenFiles: 200}} {
			t.Run(name+", "+how, func(t *testing.T) {
				leavesNothing(t)
				c2 := configOf(t, &logbook{}, nil)
				c2.Path, c2.Limits = c.path, limits
				if err := fails(t, t.Context(), c2); !strings.Contains(err.Error(), c.want) || err.Path != c.path || strings.Contains(err.Error(), "fork/exec") {
					t.Errorf("it says %q of %s, want %q in it", err, err.Path, c.want)
				}
			})
		}
	}
}

// patched is this program with one byte changed.
func patched(t *testing.T, at int, b byte) string {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	raw[at] = b
	return string(raw)
}

// TestCutShort: the system starts a part of a program, which then crashes.
func TestCutShort(t *testing.T) {
	c := configOf(t, &logbook{}, nil)
	c.Path = filepath.Join(t.TempDir(), "cut")
	if err := os.WriteFile(c.Path, []byte(patched(t, 0, 0x7f)[:20000]), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := fails(t, t.Context(), c); !strings.Contains(err.Error(), "before its handshake; its file is damaged or cut short: build or copy it again") || err.Exit.Signal == 0 {
		t.Errorf("it says %q", err)
	}
}

// TestLoaderIsMissing: a program that was linked for another system.
func TestLoaderIsMissing(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no C compiler")
	}
	c := configOf(t, &logbook{}, nil)
	c.Path = filepath.Join(t.TempDir(), "foreign")
	build := exec.Command(cc, "-x", "c", "-", "-o", c.Path, "-Wl,--dynamic-linker=/nowhere/ld.so")
	build.Stdin = strings.NewReader("int main(void) { return 0; }")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := fails(t, t.Context(), c); !strings.Contains(err.Error(), `the loader "/nowhere/ld.so" is missing: it was built for another system`) {
		t.Errorf("it says %q", err)
	}
}

// TestCtxEndsALaunch, wherever it stands, which the error says: by its cause, and for good.
func TestCtxEndsALaunch(t *testing.T) {
	for role, where := range map[string]string{
		"silent":        "it has printed nothing to stdout, where its handshake should be, and flushed",
		"half a line":   `of its handshake it has printed "1|1|unix|", and no end of the line`,
		"no newline":    "s.sock|grpc|\", and no end of the line",
		"mute":          "s.sock",
		"closes stdout": "", // which may come to light only after it was killed
		"frozen":        "it has printed nothing to stdout, where its handshake should be, and flushed",
	} {
		t.Run(role, func(t *testing.T) {
			leavesNothing(t)
			book := &logbook{}
			here := book.watch("here")
			ctx, cancel := context.WithCancelCause(t.Context())
			var waiting sync.WaitGroup
			waiting.Go(func() { <-here; cancel(errHurry) })
			err := fails(t, ctx, configOf(t, book, as(role)))
			text := err.Error()
			if !strings.HasPrefix(text, "it did not come up in time: no time left; ") ||
				!strings.HasSuffix(text, where+"; raise the start timeout if it needs longer (stderr: here)") ||
				!errors.Is(err, errHurry) || err.Exited {
				t.Errorf("it says %q, want %q in it", err, where)
			}
			if !slices.Equal(err.Stderr, []string{"here"}) {
				t.Errorf("its last lines are %q", err.Stderr)
			}
			waiting.Wait()
		})
	}
}

// TestNoise is heard once, and is what the launch fails by, though its time is over before
// the plugin was given up.
func TestNoise(t *testing.T) {
	leavesNothing(t)
	book := &logbook{}
	refused := book.watch("refused")
	ctx, cancel := context.WithCancelCause(t.Context())
	var waiting sync.WaitGroup
	waiting.Go(func() { <-refused; cancel(errHurry) })
	err := fails(t, ctx, configOf(t, book, as("says noise")))
	if errors.Is(err, errHurry) || !strings.Contains(err.Error(), "it cannot be reached at") || !strings.Contains(err.Error(), "frame too large") {
		t.Errorf("it says %q", err)
	}
	if want := []string{"connected", "refused"}; !slices.Equal(err.Stderr, want) {
		t.Errorf("its last lines are %q, want %q", err.Stderr, want)
	}
	waiting.Wait()
}

// stuck is a handler that does not return from a record before it is released.
type stuck struct {
	*logbook
	release chan struct{}
}

func (s stuck) Handle(ctx context.Context, r slog.Record) error {
	_ = s.logbook.Handle(ctx, r)
	<-s.release
	return nil
}

// TestLogThatHangs holds up its reader, not the end of the process.
func TestLogThatHangs(t *testing.T) {
	leavesNothing(t)
	book := &logbook{}
	here, release := book.watch("here"), make(chan struct{})
	ctx, cancel := context.WithCancelCause(t.Context())
	var waiting sync.WaitGroup
	waiting.Go(func() { <-here; cancel(errHurry) })
	c := configOf(t, book, as("silent"))
	c.Logger = slog.New(stuck{book, release})
	if err := fails(t, ctx, c); !errors.Is(err, errHurry) {
		t.Errorf("it says %q", err)
	}
	close(release) // not before Launch has returned
	waiting.Wait()
}

func TestCtxEndedBefore(t *testing.T) {
	leavesNothing(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errHurry)
	for range 10 {
		if err := fails(t, ctx, configOf(t, &logbook{}, as("good"))); !errors.Is(err, errHurry) {
			t.Errorf("it says %q", err)
		}
	}
}

// TestNoTMPDIR: the socket may stand elsewhere.
func TestNoTMPDIR(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere")
	t.Setenv("XDG_RUNTIME_DIR", "")
	p, err := pluginproc.Launch(t.Context(), configOf(t, &logbook{}, as("good")))
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	<-p.Done()
}

// mkfifo makes a fifo and returns its read end, which ends when its last writer does.
func mkfifo(t *testing.T) (path string, r *os.File) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return path, r
}
