//go:build unix

package main

import (
	"os/exec"
	"strconv"
	"time"
)

// sleeper is a command that does nothing for d.
func sleeper(d time.Duration) *exec.Cmd {
	return exec.Command("sleep", strconv.Itoa(int(d.Seconds())))
}
