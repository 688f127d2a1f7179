// Package rlimit bounds what a plugin's process may use. The bounds are the
// system's resource limits, set in the process before the plugin's first
// instruction and inherited by all that it starts: this program, started again,
// limits itself and then becomes the plugin.
package rlimit

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Limits are bounds for each process of a plugin; 0 sets none.
type Limits struct {
	Memory    uint64        `json:"memory"`     // bytes of data that it may reserve
	Processes uint64        `json:"processes"`  // that its user may run
	OpenFiles uint64        `json:"open_files"` // that it may hold open, sockets and pipes included
	CPU       time.Duration `json:"cpu"`        // that it may compute, in whole seconds
}

// ErrRoot is why a limit on processes is refused for root, whom the system does not
// count.
var ErrRoot = errors.New("a limit on processes is not enforced for root: run the host as another user")

// Check refuses a limit that cannot be enforced here.
func (l Limits) Check() error {
	switch {
	case l == Limits{}:
		return nil
	case !supported:
		return errors.New("limits are enforced on Linux only")
	case l.CPU < 0 || l.CPU%time.Second != 0:
		return fmt.Errorf("the limit on CPU time, %v, is not in whole seconds", l.CPU)
	case l.Processes > 0 && os.Geteuid() == 0:
		return ErrRoot
	}
	return l.checkHard()
}

// roleKey makes this program limit itself and become another: see init.
const roleKey = "HOSTELRY_RLIMIT"

// role is the value of roleKey.
type role struct {
	Limits Limits   `json:"limits"`
	Path   string   `json:"path"`
	Args   []string `json:"args"`
}

// Wrap changes cmd, which has no ExtraFiles and will not be changed any more, so that it
// runs under the limits. Its start succeeds whether or not that of its program does: the
// Report, which is nil without limits, tells.
func (l Limits) Wrap(cmd *exec.Cmd) (*Report, error) {
	if l == (Limits{}) {
		return nil, nil
	}
	raw, err := json.Marshal(role{l, cmd.Path, cmd.Args})
	if err != nil {
		return nil, err
	}
	report, err := newReport(cmd.Path)
	if err != nil {
		return nil, err
	}
	cmd.Path, cmd.Args, cmd.ExtraFiles = program, []string{"hostelry-rlimit"}, []*os.File{report.w}
	cmd.Env = append(slices.Clip(cmd.Env), roleKey+"="+string(raw))
	return report, nil
}

// reportFD is the descriptor of the first of a command's ExtraFiles.
const reportFD = 3

// init is where this program becomes a plugin under limits, if it was started to
// do so. It comes before main in every program that embeds a host.
func init() { //nolint:gochecknoinits // it comes before main: see above
	raw, ok := os.LookupEnv(roleKey)
	if !ok {
		return
	}
	_ = os.Unsetenv(roleKey)
	var r role
	err := json.Unmarshal([]byte(raw), &r)
	if err == nil {
		err = set(r.Limits)
	}
	if err == nil {
		closeOnExec(reportFD)
		err = execute(r.Path, r.Args, os.Environ())
	}
	tell(os.NewFile(reportFD, "report"), err)
	os.Exit(126)
}

// Exceeded names the limit that most likely made a process fail, with its value,
// or returns "". cpu is what it computed; said is what it and its task said of
// their failure, because but for CPU time the system tells the process alone.
func (l Limits) Exceeded(cpu time.Duration, killed bool, said ...string) string {
	text := strings.ToLower(strings.Join(said, "\n"))
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, strings.ToLower(w)) {
				return true
			}
		}
		return false
	}
	switch {
	case l.CPU > 0 && has("CPU time limit exceeded", "SIGXCPU"): // said of a child
		return fmt.Sprintf("CPU time (%v)", l.CPU)
	case l.CPU > 0 && killed && cpu >= l.CPU*7/10: // the system counts ticks for the limit: on a busy machine it kills at 0.8 of it
		return fmt.Sprintf("CPU time (%v)", l.CPU)
	case l.OpenFiles > 0 && has(syscall.EMFILE.Error(), "EMFILE", "shared object file: Error 24"): // the last is of ld.so
		return fmt.Sprintf("open files (%d)", l.OpenFiles)
	case l.Memory > 0 && has(syscall.ENOMEM.Error(), "out of memory", "MemoryError", "bad_alloc", "buffer allocation failed"):
		return fmt.Sprintf("memory (%d MiB)", l.Memory>>20)
	case l.Processes > 0 && has(syscall.EAGAIN.Error(), "EAGAIN"):
		return fmt.Sprintf("processes (%d)", l.Processes)
	}
	return ""
}
