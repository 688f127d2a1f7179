package pluginproc_test

import (
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
)

// launch launches this binary, which must succeed. It is killed when the test ends.
func launch(t *testing.T, book *logbook, env []string) *pluginproc.Process {
	t.Helper()
	p, err := pluginproc.Launch(t.Context(), configOf(t, book, env))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func configOf(t *testing.T, book *logbook, env []string) pluginproc.Config {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return pluginproc.Config{Path: path, Env: env, Logger: slog.New(book)}
}

// run runs a task of the plugin to its end, and returns its result as text.
func run(t *testing.T, p *pluginproc.Process, kind string) (string, error) {
	t.Helper()
	remote, err := p.Client().Start(t.Context(), "run-1", kind, nil)
	if err != nil {
		return "", err
	}
	result, err := remote.Run(t.Context())
	return fmt.Sprintf("%s", result), err
}

func TestLaunchAndClose(t *testing.T) {
	p := launch(t, &logbook{}, as("good"))
	for range 3 { // one connection for all tasks
		if result, err := run(t, p, "answer"); result != "42" || err != nil {
			t.Errorf("the task ended with %s, %v", result, err)
		}
	}
	select {
	case <-p.Done():
		t.Error("it is done before it was closed")
	default:
	}
	p.Close(t.Context())
	<-p.Done()
	if !p.Exit().Success() || len(p.Stderr()) > 0 {
		t.Errorf("it ended with %v and said %q", p.Exit(), p.Stderr())
	}
	p.Close(t.Context()) // again, and after the end
	p.Kill()
}

// TestTLS: with certificates it is the same.
func TestTLS(t *testing.T) {
	c := configOf(t, &logbook{}, as("good"))
	c.TLS = true
	p, err := pluginproc.Launch(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if result, err := run(t, p, "answer"); result != "42" || err != nil {
		t.Errorf("the task ended with %s, %v", result, err)
	}
	p.Close(t.Context())
	if !p.Exit().Success() {
		t.Errorf("it ended with %v", p.Exit())
	}
}
