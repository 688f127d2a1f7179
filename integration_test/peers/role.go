package main

import (
	"context"
	"os"
	"os/exec"
)

// roleVariable names what this program is to be when it starts itself again.
const roleVariable = "HOSTELRY_PEERS_ROLE"

// roles are what this program can be instead of the measurement: each runs a
// process's whole life and returns its exit status.
func roles() map[string]func() int {
	return processRoles()
}

// again is the command that starts this program in a role.
func again(ctx context.Context, role string, env ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(append(os.Environ(), roleVariable+"="+role), env...)
	return cmd, nil
}
