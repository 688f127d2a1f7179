package candidate

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/hostelry-run/hostelry/host/internal/outpipe"
	"github.com/hostelry-run/hostelry/host/internal/procgroup"
)

// maxOutput is how many bytes are kept of what a plugin prints that a person starts.
const maxOutput = 64 << 10

// StartByHand implements conformance.File.
func (c *Candidate) StartByHand(ctx context.Context) (stdout, stderr string, status int, err error) {
	var files [4]*os.File // stdout, stderr: read end, write end
	defer func() { closeAll(files[:]) }()
	for i := 0; i < len(files); i += 2 {
		if files[i], files[i+1], err = os.Pipe(); err != nil {
			return "", "", 0, err
		}
	}
	cmd := exec.Command(c.file)
	cmd.Env = personal(os.Environ())
	cmd.Stdout, cmd.Stderr = files[1], files[3]
	group, err := procgroup.Start(cmd)
	if err != nil {
		return "", "", 0, err
	}
	c.keeper.Add(group.Pid())
	defer c.keeper.Remove(group.Pid())
	closeAll([]*os.File{files[1], files[3]})
	out, errs := outpipe.New(files[0], group.Done()), outpipe.New(files[2], group.Done())
	var reading sync.WaitGroup // both end with the streams, or when a dead process's are read
	reading.Go(func() { stdout = read(out) })
	reading.Go(func() { stderr = read(errs) })
	select {
	case <-group.Done():
	case <-ctx.Done():
		err = fmt.Errorf("it did not end: %w", context.Cause(ctx))
		group.Kill()
		<-group.Done()
	}
	out.Wake()
	errs.Wake()
	reading.Wait()
	return stdout, stderr, group.Exit().Code, err
}

// personal is an environment without what a host sets.
func personal(env []string) []string {
	var kept []string
	for _, entry := range env {
		if !strings.HasPrefix(entry, "HOSTELRY_") && !strings.HasPrefix(entry, "PLUGIN_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// read reads a stream to its end, and keeps its beginning.
func read(r io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(r, maxOutput))
	if _, err := io.Copy(io.Discard, r); err != nil {
		return fmt.Sprintf("%s... (%v)", text, err)
	}
	return string(text)
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}
