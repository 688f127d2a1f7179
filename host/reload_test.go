package host_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/task"
)

// editionMark begins what is appended to this binary to make another edition of it.
const editionMark = "\nedition:"

// edition is which edition of this binary runs, or "".
func edition() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(self)
	if err != nil {
		return ""
	}
	defer f.Close()
	tail := make([]byte, 64)
	if _, err := f.Seek(-int64(len(tail)), io.SeekEnd); err == nil {
		_, _ = io.ReadFull(f, tail)
	}
	_, name, _ := strings.Cut(string(tail), editionMark)
	return name
}

// demanding is a config without which the kinds of the edition "demanding" do not go.
type demanding struct {
	Text string `json:"text,omitempty"`
	Must string `json:"must"`
}

// generous is a config of the edition "generous", which has a default.
type generous struct {
	Text string `json:"text,omitempty" jsonschema:"default=succeed"`
}

// editions is the kind of tasks that say which edition of their plugin they run in,
// in the message of their progress, with their pid. Of the edition "fixed" none fails.
func editions() task.Kind {
	run := func(c config) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) {
			var kept string
			_, _ = task.Restore(ctx, &kept)
			task.Progress(ctx, int64(os.Getpid()), 0, edition()+" after "+kept)
			if err := task.Checkpoint(ctx, edition()); err != nil {
				return nil, err
			}
			switch {
			case c.Text == "fail" && edition() != "fixed":
				return nil, errors.New("as asked")
			case c.Text != "":
				return edition(), nil
			}
			return wait(ctx, c)
		}), nil
	}
	switch edition() {
	case "demanding":
		return task.NewKind("edition", func(c demanding) (task.Task, error) { return run(config{Text: c.Text}) })
	case "generous":
		return task.NewKind("edition", func(c generous) (task.Task, error) { return run(config{Text: c.Text}) })
	}
	return task.NewKind("edition", run)
}

// shelf is a plugin directory with editions of this binary.
type shelf struct {
	*catalog.Catalog
	t          *testing.T
	dir, cache string
}

func newShelf(t *testing.T, plugins ...string) *shelf {
	t.Helper()
	s := &shelf{new(catalog.Catalog), t, t.TempDir(), t.TempDir()}
	s.publish("first", plugins...)
	return s
}

// publish makes plugins be of an edition, and loads the directory.
func (s *shelf) publish(edition string, plugins ...string) {
	s.t.Helper()
	for _, name := range plugins {
		s.put(name, edition)
	}
	if err := s.Load(s.t.Context(), s.dir, catalog.WithCacheDir(s.cache)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) put(name, edition string) {
	s.t.Helper()
	path := copySelf(s.t, s.t.TempDir(), catalog.Prefix+name)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(editionMark + edition)
		err = errors.Join(err, f.Close(), os.Rename(path, filepath.Join(s.dir, filepath.Base(path))))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// awaitEdition waits until an attempt says that it runs in an edition, and returns its
// pid.
func (g *rig) awaitEdition(id string, attempt int, message string) int64 {
	g.t.Helper()
	var pid int64
	g.await(id+" in "+message, func(e host.Event) bool {
		if e.Task != id || e.Attempt != attempt || e.Type != host.EventProgress {
			return false
		}
		if pid = e.Progress.Done; e.Progress.Message != message {
			g.t.Fatalf("attempt %d of %s says %q, want %q", attempt, id, e.Progress.Message, message)
		}
		return true
	})
	return pid
}

func TestReloadRestartsTheTasksOfAPluginAndNoOthers(t *testing.T) {
	s := newShelf(t, "guest", "other")
	g := newRig(t, host.Process, host.WithCatalog(s.Catalog), host.WithPolicy(host.LogOnly))
	guest, other := g.add("guest/edition", config{}, "g"), g.add("other/edition", config{}, "o")
	g.start()
	g.awaitEdition(guest.ID(), 1, "first after ")
	pid := g.awaitEdition(other.ID(), 1, "first after ")

	for i, edition := range []string{"second", "third"} {
		s.publish(edition, [][]string{{"guest", "other"}, {"guest"}}[i]...) // the other one is not named below
		begun, err := g.Reload(t.Context(), s.Catalog, "guest")
		if err != nil || !slices.Equal(begun, []*host.Handle{guest}) {
			t.Fatalf("Reload: %v, %v", begun, err)
		}
		g.awaitEdition(guest.ID(), i+2, edition+" after "+[]string{"first", "second"}[i])
	}
	if other.Attempts() != 1 || other.Progress().Done != pid || other.State() != host.StateRunning {
		t.Errorf("the other plugin's task is %v in attempt %d, pid %d; it had pid %d", other.State(), other.Attempts(), other.Progress().Done, pid)
	}
	if guest.Plugin() != "guest" || other.Plugin() != "other" {
		t.Errorf("they are of plugins %q and %q", guest.Plugin(), other.Plugin())
	}
	late, err := g.Add(g.spec("other/edition", config{}, "late"))
	if err != nil {
		t.Fatal(err)
	}
	g.awaitEdition(late.ID(), 1, "second after ")
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if _, err := g.Reload(t.Context(), s.Catalog, "guest"); !errors.Is(err, host.ErrStopping) {
		t.Errorf("after Stop: %v", err)
	}
	wantNoPlugins(t)
}

func TestReloadBeginsWhatHasEndedAnew(t *testing.T) {
	s := newShelf(t, "guest")
	g := newRig(t, host.Process, host.WithCatalog(s.Catalog), host.WithKinds(kinds()...), host.WithPolicy(host.LogOnly))
	fails, succeeds := g.add("edition", config{Text: "fail"}, "f"), g.add("edition", config{Text: "succeed"}, "s")
	stopped := g.add("edition", config{}, "stopped")
	needing := func(id string) func(*host.Spec) {
		return func(s *host.Spec) { s.Needs = map[string]host.Need{id: host.NeedSucceeded} }
	}
	second := g.with("builtin/nothing", config{}, needing(fails.ID()), "second")
	third := g.with("builtin/nothing", config{}, needing(second.ID()), "third")
	after := g.with("builtin/nothing", config{}, needing(succeeds.ID()), "after")
	order := ids(g.Handles())
	g.start()
	g.awaitEdition(stopped.ID(), 1, "first after ")
	if err := stopped.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*host.Handle{fails, succeeds, second, third, after} {
		<-h.Done()
	}
	wantStates(t, host.StateFailed, fails)
	wantStates(t, host.StateSucceeded, succeeds, after)
	if second.State().Ended() || third.State().Ended() {
		t.Fatalf("what needs a failure is %v and %v, want neither to have started", second.State(), third.State())
	}

	s.publish("fixed", "guest")
	begun, err := g.Reload(t.Context(), s.Catalog, "guest")
	if want := []string{fails.ID(), succeeds.ID(), second.ID(), third.ID()}; err != nil || !slices.Equal(ids(begun), want) {
		t.Fatalf("Reload: %v, %v; want %v", ids(begun), err, want)
	}
	for _, h := range begun {
		<-h.Done()
	}
	wantStates(t, host.StateSucceeded, begun...)
	g.awaitEdition(fails.ID(), 2, "fixed after first")
	g.awaitEdition(succeeds.ID(), 2, "fixed after ")
	wantStates(t, host.StateFailed, fails) // the old handle
	if got := ids(g.Handles()); !slices.Equal(got, order) || after.Attempts() != 1 {
		t.Errorf("the tasks are %v, want %v; what needed the second has %d attempts", got, order, after.Attempts())
	}
	if begun[0].Attempts() != 2 || begun[2].Attempts() != 1 || g.NumFailed() != 1 {
		t.Errorf("%d and %d attempts, %d failed", begun[0].Attempts(), begun[2].Attempts(), g.NumFailed())
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	wantNoPlugins(t)
}

// TestReloadLeavesWhatDoesNotFit: a task whose kind is gone, or has another config,
// goes on with what it has, in its next attempts too.
func TestReloadLeavesWhatDoesNotFit(t *testing.T) {
	s := newShelf(t, "guest")
	g := newRig(t, host.Process, host.WithCatalog(s.Catalog), host.WithPolicy(host.LogOnly))
	h := g.add("edition", config{})
	g.start()
	pid := g.awaitEdition(h.ID(), 1, "first after ")
	reload := func(want string) {
		t.Helper()
		begun, err := g.Reload(t.Context(), s.Catalog, "guest")
		var bad *host.SpecError
		if len(begun) > 0 || !errors.As(err, &bad) || bad.Task != h.ID() || !strings.Contains(err.Error(), want) {
			t.Errorf("Reload: %v, %v; want a *SpecError with %q", begun, err, want)
		}
	}
	s.publish("demanding", "guest")
	reload(`"must"`)
	if err := os.WriteFile(filepath.Join(s.dir, catalog.Prefix+"guest"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	s.publish("")
	reload(`unknown kind "guest/edition"`)
	if h.Attempts() != 1 || h.Progress().Done != pid || h.State() != host.StateRunning {
		t.Errorf("it is %v in attempt %d", h.State(), h.Attempts())
	}
	if err := h.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.awaitEdition(h.ID(), 2, "first after first")
}

// TestReloadTakesTheNewDefaults: what was given is completed anew.
func TestReloadTakesTheNewDefaults(t *testing.T) {
	s := newShelf(t, "guest")
	g := newRig(t, host.Process, host.WithCatalog(s.Catalog), host.WithPolicy(host.LogOnly))
	h := g.add("edition", config{})
	g.start()
	g.awaitEdition(h.ID(), 1, "first after ")
	s.publish("generous", "guest")
	if _, err := g.Reload(t.Context(), s.Catalog, "guest"); err != nil {
		t.Fatal(err)
	}
	<-h.Done()
	if string(h.Result()) != `"generous"` {
		t.Errorf("result %s, %v", h.Result(), h.Err())
	}
}

// TestReloadBeforeTheStart: a task that has not begun takes the new kind.
func TestReloadBeforeTheStart(t *testing.T) {
	s := newShelf(t, "guest")
	g := newRig(t, host.Process, host.WithCatalog(s.Catalog))
	h := g.add("edition", config{Text: "succeed"})
	s.publish("second", "guest")
	if begun, err := g.Reload(t.Context(), s.Catalog, "guest"); err != nil || len(begun) != 1 {
		t.Errorf("Reload: %v, %v", begun, err)
	}
	if err := g.Run(t.Context()); err != nil || string(h.Result()) != `"second"` || h.Attempts() != 1 {
		t.Errorf("result %s, %d attempts, %v", h.Result(), h.Attempts(), err)
	}
}

// TestReloadOfReplicas: each is in its place afterwards, and they can be scaled.
func TestReloadOfReplicas(t *testing.T) {
	s := newShelf(t, "guest")
	g := newRig(t, host.Process, host.WithCatalog(s.Catalog), host.WithPolicy(host.LogOnly))
	set, err := g.AddReplicas(g.spec("edition", config{Text: "fail"}, "r"), 2)
	if err != nil {
		t.Fatal(err)
	}
	g.start()
	for _, h := range set.Handles() {
		<-h.Done()
	}
	s.publish("fixed", "guest")
	if begun, err := g.Reload(t.Context(), s.Catalog, "guest"); err != nil || len(begun) != 2 {
		t.Errorf("Reload: %v, %v", ids(begun), err)
	}
	if err := set.Scale(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	for _, h := range set.Handles() {
		<-h.Done()
	}
	wantStates(t, host.StateSucceeded, set.Handles()...)
	if got := ids(set.Handles()); !slices.Equal(got, []string{"edition-r-1", "edition-r-2", "edition-r-3"}) {
		t.Errorf("the replicas are %v", got)
	}
}
