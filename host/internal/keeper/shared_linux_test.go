package keeper_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
)

// stray starts a child of w that is in no group that a keeper knows, and returns its end.
func stray(t *testing.T, w *keeper.Ward) (end <-chan struct{}) {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
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
