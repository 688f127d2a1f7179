package host

import (
	"errors"
	"fmt"

	"github.com/hostelry-run/hostelry/host/catalog"
)

// Share is who runs in a plugin process. The zero Share is ShareTask.
type Share uint8

const (
	// ShareTask gives each attempt a process of its own, used once.
	ShareTask Share = iota
	// SharePlugin runs attempts side by side in one process, and one after the other.
	// They are those of a plugin's kinds whose tasks would have the same processes:
	// that agree in Env, Limits and MaxTasks. Each still has its own stop, result
	// and failure, but what befalls the process befalls them all, and each then
	// follows its own Restart.
	SharePlugin
)

var shareNames = [...]string{ShareTask: "task", SharePlugin: "plugin"}

// ParseShare is the inverse of String.
func ParseShare(name string) (Share, error) {
	return parse(name, "share", []Share{ShareTask, SharePlugin})
}

// String is "task" or "plugin".
func (s Share) String() string {
	if int(s) < len(shareNames) {
		return shareNames[s]
	}
	return fmt.Sprintf("Share(%d)", uint8(s))
}

// MarshalText writes String.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// maxWarm bounds what a slip of the pen can start; job files have the same bound.
const maxWarm = 1000

// seating is what a Spec says of the processes that its task runs in.
type seating struct {
	share Share
	max   int // attempts in a process; 0: any number
	warm  int // processes that wait
}

// seating refuses what the task's mode, plugin or limits do not allow.
func (s *Spec) seating(mode Mode, kind *catalog.Kind) (seating, error) {
	p := seating{share: s.Share, max: s.MaxTasks, warm: s.Warm}
	at := kind.Address()
	switch {
	case p == seating{}:
		return p, nil
	case mode != Process:
		return p, fmt.Errorf("share, max tasks and warm are for process mode: in %v mode a task shares the host's process", mode)
	case at != "":
		return p, fmt.Errorf("plugin %q is attached at %s: share, max tasks and warm are for processes that the host starts", kind.Plugin, at)
	}
	var errs []error
	if int(s.Share) >= len(shareNames) {
		_, err := ParseShare(s.Share.String())
		errs = append(errs, err)
	}
	if s.MaxTasks < 0 || s.Warm < 0 {
		errs = append(errs, fmt.Errorf("max tasks %d, warm %d: neither is negative", s.MaxTasks, s.Warm))
	}
	if s.Warm > maxWarm {
		errs = append(errs, fmt.Errorf("warm %d: at most %d processes wait", s.Warm, maxWarm))
	}
	if s.MaxTasks > 0 && s.Share == ShareTask {
		errs = append(errs, errors.New("max tasks are for processes that tasks share: set Share to SharePlugin, too"))
	}
	if s.Limits.CPU > 0 && s.Share == SharePlugin {
		errs = append(errs, errors.New("a limit on CPU time is for a process that is a task's own: "+
			"in one that tasks share, it is used up by all that ever ran there, and the last to come would fail of it"))
	}
	return p, errors.Join(errs...)
}
