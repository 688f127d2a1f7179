package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hostelry-run/hostelry/shared/task"
)

// grandchild is the result of leak-grandchild.
type grandchild struct {
	// PID is the id of the process that was left behind.
	PID int `json:"pid"`
}

// leakGrandchild starts a process that holds on to stdout and stderr, and
// succeeds without waiting for it.
func leakGrandchild(ctx context.Context, m misbehaviour) (any, error) {
	cmd := sleeper(m.lasts)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a grandchild: %w", err)
	}
	pid := cmd.Process.Pid
	task.Logger(ctx).Warn("left a process behind", "pid", pid, "command", cmd.Args)
	return grandchild{pid}, cmd.Process.Release()
}
