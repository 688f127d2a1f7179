package candidate

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
	// maxOutput is how many bytes are kept of what a plugin prints that a person starts.
	maxOutput = 64 << 10
	// drain is how long its output is still read once it has ended.
	drain = 200 * time.Millisecond
)

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
	closeAll([]*os.File{files[1], files[3]})
	var reading sync.WaitGroup // both end with the streams
	reading.Go(func() { stdout = read(files[0]) })
	reading.Go(func() { stderr = read(files[2]) })
	select {
	case <-group.Done():
	case <-ctx.Done():
		err = fmt.Errorf("it did not end: %w", context.Cause(ctx))
		group.Kill()
		<-group.Done()
	}
	for _, r := range []*os.File{files[0], files[2]} { // what it has left behind may hold them
		_ = r.SetReadDeadline(time.Now().Add(drain))
	}
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
	_, _ = io.Copy(io.Discard, r)
	return string(text)
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}
