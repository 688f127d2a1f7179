package plugin_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestFullByHand: what could not be printed is told, and is no success.
func TestFullByHand(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, args := range []string{"help", "describe", "describe --json", "run --help"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], strings.Fields(args)...)
		cmd.Env = append(quiet(), roleKey+"=good")
		var errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &errs
		if err := cmd.Run(); cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if status := cmd.ProcessState.ExitCode(); status != 1 || strings.Count(errs.String(), "no space left on device") != 1 {
			t.Errorf("%s: exit status %d, stderr %q", args, status, errs.String())
		}
	}
}
