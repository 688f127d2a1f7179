package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/plugin/plugintest"
	"github.com/hostelry-run/hostelry/shared/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	dir, err := os.MkdirTemp("", "digest")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "hello"), []byte("hello\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	t, err := digestKind().New(fmt.Appendf(nil, `{"root": %q}`, dir))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := t.Run(context.Background())
	fmt.Printf("%+v %v\n", result, err)
	// Output: {Files:1 Bytes:6 SHA256:7f75fd412dd20a7e19a1327aa4ecb2f4856b3f785f6aa45262b11e176340bbd6} <nil>
}

// host hears the progress of a task.
type host struct {
	progress func(done, total int64, message string)
}

func (host) ID() string                                        { return "test" }
func (host) Attempt() int                                      { return 1 }
func (host) Logger() *slog.Logger                              { return slog.New(slog.DiscardHandler) }
func (host) Ready()                                            {}
func (h host) Progress(done, total int64, message string)      { h.progress(done, total, message) }
func (host) Heartbeat()                                        {}
func (host) Checkpoint(context.Context, json.RawMessage) error { return nil }
func (host) Restore() json.RawMessage                          { return nil }

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func run(ctx context.Context, c config) (result, error) {
	t, err := newDigest(c)
	if err != nil {
		return result{}, err
	}
	v, err := t.Run(ctx)
	r, _ := v.(result)
	return r, err
}

func TestProgressEndsAtTotalInBytes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": strings.Repeat("x", chunk+1), "b/c": "yy", "empty": ""})
	var done, total int64
	var message string
	ctx := task.WithHost(t.Context(), host{func(d, n int64, m string) {
		if d < done || n != chunk+3 {
			t.Errorf("progress went from %d to %d of %d", done, d, n)
		}
		done, total, message = d, n, m
	}})
	got, err := run(ctx, config{Root: dir})
	if err != nil || got.Files != 3 || got.Bytes != chunk+3 {
		t.Errorf("got %+v, %v", got, err)
	}
	if done != total || message != "3 of 3 files" {
		t.Errorf("the last progress was %d of %d, %q", done, total, message)
	}
}

func TestStopsInTheMiddleOfAFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"big": ""})
	const size = 1 << 33
	if err := os.Truncate(filepath.Join(dir, "big"), size); err != nil { // a sparse file
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	var done int64
	ctx = task.WithHost(ctx, host{func(d, _ int64, _ string) {
		done = d
		cancel(task.ErrStopped)
	}})
	if _, err := run(ctx, config{Root: dir}); !errors.Is(err, task.ErrStopped) {
		t.Errorf("got %v, want ErrStopped", err)
	}
	if done != chunk {
		t.Errorf("%d bytes were hashed, want one chunk of %d", done, chunk)
	}
}

func TestStopsWhileItLists(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(task.ErrStopped)
	if _, err := run(ctx, config{Root: t.TempDir()}); err != task.ErrStopped {
		t.Errorf("got %v, want ErrStopped", err)
	}
}

func TestFileThatIsNotThereAnyMore(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"vanished": os.Remove,
		"unreadable": func(path string) error { // reading a directory fails, for root too
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{"a": "x", "b": "y"})
			spoilt := false
			ctx := task.WithHost(t.Context(), host{func(int64, int64, string) {
				if !spoilt {
					spoilt = true
					if err := spoil(filepath.Join(dir, "b")); err != nil {
						t.Error(err)
					}
				}
			}})
			_, err := run(ctx, config{Root: dir})
			var bad *fs.PathError
			if !errors.As(err, &bad) || filepath.Base(bad.Path) != "b" {
				t.Errorf("got %v, want an error that names b", err)
			}
		})
	}
}

func TestBadRoot(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"file": ""})
	for _, name := range []string{"missing", "file"} {
		_, err := run(t.Context(), config{Root: filepath.Join(dir, name)})
		if !task.IsPermanent(err) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "set root to") {
			t.Errorf("root %s: got %v, want a permanent error that says what to do", name, err)
		}
	}
}

func TestBadConfig(t *testing.T) {
	for _, raw := range []string{`{}`, `{"root":""}`, `{"root":".","from":"moon"}`, `{"root":".","depth":1}`} {
		if _, err := digestKind().New(json.RawMessage(raw)); !errors.Is(err, task.ErrBadConfig) {
			t.Errorf("config %s: got %v, want ErrBadConfig", raw, err)
		}
	}
}

func TestRelativeRoot(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, ".", map[string]string{"src/a": "x"})
	got, err := run(t.Context(), config{Root: "src"})
	if err != nil || got.Files != 1 {
		t.Errorf("from the working directory: got %+v, %v", got, err)
	}
	got, err = run(t.Context(), config{Root: "src/context", From: fromGoroot})
	if err != nil || got.Files < 5 {
		t.Errorf("from Go's own tree: got %+v, %v", got, err)
	}
}

func TestGorootWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := run(t.Context(), config{Root: "src", From: fromGoroot})
	if !task.IsPermanent(err) || !strings.Contains(err.Error(), "on PATH") {
		t.Errorf("got %v, want a permanent error that says what to do", err)
	}
}

// loop notes what is done off it.
type loop struct{ awaited int }

func (*loop) Sleep(context.Context, time.Duration) {}
func (*loop) Yield()                               {}
func (l *loop) Await(f func())                     { l.awaited++; f() }

func TestLeavesTheEventLoopToOthers(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "x"})
	var l loop
	on := 0
	ctx := task.WithScheduler(t.Context(), &l)
	ctx = task.WithHost(ctx, host{func(int64, int64, string) { on = l.awaited }})
	if _, err := run(ctx, config{Root: dir}); err != nil {
		t.Error(err)
	}
	if on != 1 {
		t.Error("the file was read on the loop")
	}
}

func TestLine(t *testing.T) {
	for name, want := range map[string]string{
		"./plain name": "ff  ./plain name\n",
		"./a\\b":       "\\ff  ./a\\\\b\n",
		"./a\nb":       "\\ff  ./a\\nb\n",
		"./a\rb":       "\\ff  ./a\\rb\n",
		"./\xff\t":     "ff  ./\xff\t\n",
	} {
		if got := string(line([]byte{0xff}, name)); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// TestConforms checks the kind as `hostelry plugin test` does the plugin.
func TestConforms(t *testing.T) {
	plugintest.Run(t, digestKind(), plugintest.WithConfig(config{Root: "."}))
}
