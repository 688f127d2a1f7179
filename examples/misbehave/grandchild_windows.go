package main

import (
	"os/exec"
	"strconv"
	"time"
)

// sleeper is a command that does nothing for d: ping sends one packet a second.
func sleeper(d time.Duration) *exec.Cmd {
	return exec.Command("ping", "-n", strconv.Itoa(1+int(d.Seconds())), "127.0.0.1")
}
