package builtin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/hostelry-run/hostelry/host/internal/procgroup"
	"github.com/hostelry-run/hostelry/shared/task"
)

// outcome makes a result or an error of how the command ended.
func (c *command) outcome(exit procgroup.Exit) (any, error) {
	name := c.config.Command[0]
	switch {
	case exit.Success():
		return ExecResult{}, nil
	case exit.Err != nil:
		return nil, fmt.Errorf("command %q ended, but not how: %w%s", name, exit.Err, &c.stderr)
	case exit.Signal != 0:
		return nil, fmt.Errorf("command %q was %v%s", name, exit, &c.stderr)
	default:
		return ExecResult{exit.Code}, fmt.Errorf("command %q exited with status %d%s", name, exit.Code, &c.stderr)
	}
}

// checkDir says why a command cannot run in dir. The error of a start would not
// tell a bad directory from a bad command.
func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := os.Stat(dir + string(os.PathSeparator) + ".") // asks for what chdir needs
	switch {
	case errors.Is(err, syscall.ENOTDIR), err == nil && !info.IsDir():
		return fmt.Errorf("dir %q is not a directory: name the directory to run the command in", dir)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("dir %q does not exist: create it, or name another", dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("dir %q may not be entered: change its permissions, or name another", dir)
	}
	return err
}

// startError says why the command did not start and what to do. What no restart
// mends is permanent.
func startError(name string, err error) error {
	var advice string
	switch {
	case errors.Is(err, exec.ErrNotFound):
		advice = "is not found in PATH: install it, or give the path of its file"
	case errors.Is(err, exec.ErrDot):
		advice = "is in the working directory, not in PATH: give the path of its file, with a slash"
	case errors.Is(err, fs.ErrNotExist):
		advice = "is not found, or the interpreter that its first line names is not: correct the path"
	case errors.Is(err, fs.ErrPermission):
		advice = "is not executable: give its file the x permission, or name a program"
	case errors.Is(err, syscall.ENOEXEC):
		advice = "is not executable: it is neither a program for this system nor a script with a #! line"
	default:
		return fmt.Errorf("command %q cannot be started: %w", name, err)
	}
	return task.Permanent(fmt.Errorf("command %q %s (%w)", name, advice, err))
}

const (
	tailLines = 5   // how many lines of stderr an error shows
	tailBytes = 512 // how much of each
)

// tail holds the last lines that are not blank. The zero tail is empty.
type tail struct{ lines []string }

// add is called by one goroutine.
func (t *tail) add(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	if len(line) > tailBytes {
		line = strings.ToValidUTF8(line[:tailBytes], "") + "..."
	}
	if len(t.lines) == tailLines {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, line)
}

// String is the end of an error's text, or "". It shows the lines quoted, so
// that the text is one line, whatever the command printed.
func (t *tail) String() string {
	if len(t.lines) == 0 {
		return ""
	}
	quoted := make([]string, len(t.lines))
	for i, line := range t.lines {
		quoted[i] = fmt.Sprintf("%q", line)
	}
	return "; the last lines of its stderr: " + strings.Join(quoted, ", ")
}
