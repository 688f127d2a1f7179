package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func Example() {
	dir, err := os.MkdirTemp("", "source")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	set := File(filepath.Join(dir, "a"))
	w, err := NewWatcher()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer w.Close()
	if err := w.Watch(set.Dirs()); err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"b", "a"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, c := range w.Next(context.Background(), set.Has) {
		fmt.Println(filepath.Base(c.Path), c.Entry)
	}
	// Output:
	// a true
}

// TestNextWaitsUntilAllIsQuiet: many changes are one batch, and those that nobody
// wants do not count.
func TestNextWaitsUntilAllIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBatch()
		wanted := func(c Change) bool { return c.Path != "log" }
		go func() { // ends after the last change
			for i := range 5 {
				time.Sleep(150 * time.Millisecond)
				b.put(Change{Path: fmt.Sprint(i)})
				b.put(Change{Path: "log"})
			}
			for range 5 {
				time.Sleep(150 * time.Millisecond)
				b.put(Change{Path: "log"})
			}
		}()
		began := time.Now()
		got := b.next(t.Context(), wanted)
		if took := time.Since(began); took != 950*time.Millisecond || len(got) != 5 {
			t.Errorf("after %v: %v", took, got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if got := b.next(ctx, wanted); got != nil || time.Since(began) != time.Hour+950*time.Millisecond {
			t.Errorf("after %v: %v", time.Since(began), got)
		}
	})
}

// TestWatcher: it sees what editors and checkouts do, folders that come back too.
func TestWatcher(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"code/main.go": "", "code/sub/sub.go": ""})
	var set Set
	set.add(filepath.Join(dir, "code", "sub"), dir, isGo)
	set.add(filepath.Join(dir, "code"), dir, isGo)
	w, err := NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	rename := func(from, to string) {
		t.Helper()
		if err := os.Rename(at(from), at(to)); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name, want string
		do         func()
	}{
		{"a write", "code/main.go", func() { write(t, dir, map[string]string{"code/main.go": "package main"}) }},
		{"an atomic rename", "code/main.go", func() {
			write(t, dir, map[string]string{"code/.tmp": "package main // 2"})
			rename("code/.tmp", "code/main.go")
		}},
		{"a new file", "code/sub/new.go", func() { write(t, dir, map[string]string{"code/sub/new.go": ""}) }},
		{"a folder that goes", "code/sub", func() { rename("code/sub", "aside") }},
		{"a folder that comes back", "code/sub", func() { rename("aside", "code/sub") }},
		{"a write in that", "code/sub/sub.go", func() { write(t, dir, map[string]string{"code/sub/sub.go": "package sub"}) }},
		{"a removal", "code/sub/new.go", func() { os.Remove(at("code/sub/new.go")) }},
	} {
		if err := w.Watch(set.Dirs()); err != nil {
			t.Fatal(err)
		}
		step.do()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		got := w.Next(ctx, set.Has)
		cancel()
		if !slices.ContainsFunc(got, func(c Change) bool { return c.Path == at(step.want) }) {
			t.Errorf("%s: %v", step.name, got)
		}
	}
}

// TestWhatCannotBeWatchedIsToldOnce: a folder that is not there may come.
func TestWhatCannotBeWatchedIsToldOnce(t *testing.T) {
	w, err := NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if err := w.Watch([]string{missing}); err != nil {
		t.Errorf("of a folder that is not there: %v", err)
	}
	w.Close() // after which no folder can be watched
	dir := t.TempDir()
	if err := w.Watch([]string{dir}); err == nil {
		t.Error("no error")
	}
	if err := w.Watch([]string{dir}); err != nil {
		t.Errorf("told again: %v", err)
	}
}
