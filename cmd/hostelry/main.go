// Command hostelry runs sets of stoppable tasks: plugins, and built-in kinds.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/plugin"
)

// The exit statuses. After a signal the status is 128 and the signal's number.
const (
	exitOK     = 0 // every task succeeded, or ended as asked
	exitFailed = 1 // a task failed, the deadline was reached, or the output could not be written
	exitUsage  = 2 // a bad job file, flag, argument or plugin directory
)

func main() {
	plugin.ServeSelf(builtin.Kinds()...) // the built-in kinds in process mode
	keepInherited()
	os.Exit(hostelry(os.Args[1:], os.Stdout, os.Stderr))
}

// hostelry is the whole command. It returns the exit status.
func hostelry(args []string, out, errOut io.Writer) int {
	c := &command{out: out, errOut: errOut}
	root := newRoot(c)
	root.SetArgs(args)
	if err := root.ExecuteContext(context.Background()); err != nil {
		if _, ok := errors.AsType[jobfile.Problems](err); !ok { // which begin with the file's name
			err = fmt.Errorf("hostelry: %w", err)
		}
		fmt.Fprintln(errOut, terminal.CleanLines(err.Error()))
		return exitUsage
	}
	return c.status
}

// command is what the subcommands share.
type command struct {
	out, errOut io.Writer
	status      int // that the process shall exit with, unless there is an error
}
