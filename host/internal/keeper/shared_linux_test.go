package keeper_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
)

// stray starts a child of w, or of a keeper, that is in no group that a keeper knows, and
// returns its end.
func stray(t *testing.T, w interface{ Env() []string }, command ...string) (end <-chan struct{}) {
	t.Helper()
	if len(command) == 0 {
		command = []string{"sleep", "1000"}
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), w.Env()...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // ends with the child
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	return ended
}

// TestWardsEndAlone, with what each has left behind, under one keeper.
func TestWardsEndAlone(t *testing.T) {
	var shared keeper.Shared
	first, second := shared.Join(slog.New(slog.DiscardHandler)), shared.Join(slog.New(slog.DiscardHandler))
	firsts, seconds := stray(t, first), stray(t, second)
	if pids := keepers(); len(pids) != 1 {
		t.Errorf("there are %d keepers", len(pids))
	}
	first.Close()
	<-firsts
	select {
	case <-seconds:
		t.Error("the end of one has ended what another left")
	case <-time.After(100 * time.Millisecond):
	}
	second.Close()
	<-seconds
	if pids := keepers(); len(pids) > 0 {
		t.Errorf("there are %d keepers", len(pids))
	}
}

// TestManyWardsAtOnce share keepers and looks, and none returns too early.
func TestManyWardsAtOnce(t *testing.T) {
	var shared keeper.Shared
	var all sync.WaitGroup
	for range 30 {
		w := shared.Join(slog.New(slog.DiscardHandler))
		ended := stray(t, w)
		all.Go(func() {
			w.Close()
			<-ended
		})
	}
	all.Wait()
	if pids := keepers(); len(pids) > 0 {
		t.Errorf("there are %d keepers", len(pids))
	}
}

// TestWhoBecomesAnotherProgramEnds, also while the system shows no environment of it.
func TestWhoBecomesAnotherProgramEnds(t *testing.T) {
	again := filepath.Join(t.TempDir(), "again")
	if err := os.WriteFile(again, []byte("#!/bin/sh\nexec \"$0\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var shared keeper.Shared
	rest := shared.Join(slog.New(slog.DiscardHandler)) // a ward's sweep, not a keeper's
	defer rest.Close()
	for range 50 {
		w := shared.Join(slog.New(slog.DiscardHandler))
		ended := stray(t, w, again)
		w.Close()
		select {
		case <-ended:
		case <-time.After(time.Second):
			t.Fatal("it lives on")
		}
	}
}

func ExampleShared() {
	var shared keeper.Shared
	w := shared.Join(slog.New(slog.DiscardHandler))
	defer w.Close()
	cmd := exec.Command("true")
	cmd.Env = w.Env()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
	}
	w.Add(cmd.Process.Pid)
	fmt.Println(cmd.Wait())
	// Output: <nil>
}
