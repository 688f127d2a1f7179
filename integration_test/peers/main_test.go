package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
	"github.com/hostelry-run/hostelry/plugin"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	plugin.ServeSelf(errand.Kinds()...)
	bare.Play()
	goleak.VerifyTestMain(m)
}

func TestOnly(t *testing.T) {
	all := []workload{{name: "noop"}, {name: "noop-async"}, {name: "park-async"}, {name: "park-goroutine"}}
	for only, want := range map[string]string{
		"":      "noop noop-async park-async park-goroutine",
		"noop":  "noop",
		"noop-": "noop-async",
		"park":  "park-async park-goroutine",
	} {
		chosen, err := choose(all, only)
		var got []string
		for _, w := range chosen {
			got = append(got, w.name)
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("--only %q chose %v, %v; want %s", only, got, err, want)
		}
	}
	_, err := choose(all, "perk")
	want := `--only "perk": no workload has a name that begins so; there are noop, noop-async, park-async, park-goroutine`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{
		{"--rounds", "0"}, {"--rounds", "many"}, {"--only", "no-such"}, {"--no-such"}, {"noop"}, {"noop", "--rounds", "1"},
	} {
		var out strings.Builder
		if err := run(t.Context(), args, &out, io.Discard); err == nil || out.Len() > 0 {
			t.Errorf("%v: error %v, and printed %q", args, err, out.String())
		}
	}
}

// TestReport measures a small workload from end to end.
func TestReport(t *testing.T) {
	small := workload{
		name: "small", title: "ten tasks",
		quantities: []quantity{{unit: seconds, targets: []target{{against: "errgroup", atMost: 1e9}}}},
		sides: []side{
			{name: "ours", run: addToDone(host.Goroutine, 10, noop)},
			{name: "errgroup", run: noopErrgroup(10)},
		},
	}
	var out, progress strings.Builder
	if err := report(t.Context(), []workload{small}, 2, &out, &progress); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 5 || !strings.Contains(lines[0], "GOMAXPROCS") {
		t.Fatalf("printed\n%s", out.String())
	}
	for _, text := range []string{"| ten tasks ", "| ours ", "| errgroup ", "| ≤ 1000000000 ", "| yes "} {
		if !strings.Contains(lines[4], text) {
			t.Errorf("the row lacks %q:\n%s", text, lines[4])
		}
	}
	if want := "small: round 2 of 2: errgroup\n"; !strings.Contains(progress.String(), want) {
		t.Errorf("progress %q lacks %q", progress.String(), want)
	}
}

func TestReportFails(t *testing.T) {
	broken := workload{
		title: "broken", quantities: []quantity{{unit: seconds}},
		sides: []side{{name: "ours", run: func(context.Context) ([]float64, error) { return nil, io.ErrUnexpectedEOF }}},
	}
	var out strings.Builder
	if err := report(t.Context(), []workload{broken}, 1, &out, io.Discard); err == nil {
		t.Error("no error")
	}
	if want := "- broken, ours: unexpected EOF\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("printed\n%s", out.String())
	}
}

// cancels ends something at the first word that it is told.
type cancels func()

func (c cancels) Write(b []byte) (int, error) { c(); return len(b), nil }

// TestInterrupted: it prints no half of a table, and leaves nothing of what it built.
func TestInterrupted(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancelCause(t.Context())
	var out strings.Builder
	err := run(ctx, []string{"--only", "process-launch"}, &out, cancels(func() { cancel(io.ErrUnexpectedEOF) }))
	if !errors.Is(err, io.ErrUnexpectedEOF) || out.Len() > 0 {
		t.Errorf("error %v, and printed %q", err, out.String())
	}
	if left, err := os.ReadDir(os.TempDir()); len(left) > 0 || err != nil {
		t.Errorf("left over: %v, %v", left, err)
	}
}
