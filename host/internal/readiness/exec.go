package readiness

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/procgroup"
)

const (
	// tailBytes is how much of the end of a command's stderr an error shows.
	tailBytes = 512

	// straggle is how long the stderr of a command that has ended may stay open.
	// Only a process that left the command's group keeps it so.
	straggle = 100 * time.Millisecond
)

// tryExec runs the command. Its whole process group is dead when it returns.
func (c Check) tryExec(ctx context.Context) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd := exec.Command(c.Exec[0], c.Exec[1:]...) // ctx kills the group, not only its leader
	cmd.Stderr = w
	cmd.Env = append(os.Environ(), c.Keeper.Env()...)
	dieWithHost(cmd)
	group, err := procgroup.Start(cmd)
	_ = w.Close()
	if err != nil {
		return err
	}
	c.Keeper.Add(group.Pid())
	defer c.Keeper.Remove(group.Pid())
	var (
		stderr  tail
		copying sync.WaitGroup
	)
	copying.Go(func() { _, _ = io.Copy(&stderr, r) }) // ends with the group, or straggle later
	select {
	case <-group.Done():
	case <-ctx.Done():
		group.Kill()
		<-group.Done()
	}
	// Where a pipe knows no deadline (Windows) the group is all who could hold it.
	_ = r.SetReadDeadline(time.Now().Add(straggle))
	copying.Wait()
	if exit := group.Exit(); !exit.Success() {
		return fmt.Errorf("%v%v", exit, &stderr)
	}
	return nil
}

// tail keeps the last bytes written to it. The zero tail is empty.
type tail struct{ kept []byte }

// Write is called by one goroutine. It does not fail.
func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - tailBytes; extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
	return len(p), nil
}

// String is the end of an error's text, or "". It is one line, whatever the
// command wrote.
func (t *tail) String() string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(t.kept), ""))
	if text == "" {
		return ""
	}
	return fmt.Sprintf("; the end of its stderr: %q", text)
}
