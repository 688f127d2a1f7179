//go:build unix

package main

import (
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// attached NAME VAR sets VAR to what a process that runs serve --attach says to give
// hostelry run --attach, VAR_ADDRESS to the address in it, and VAR_DIR to the directory
// of its socket.
func attached(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: attached NAME VAR")
	}
	until(ts, false, []string{args[0], " JOB.yaml\n"})
	line := named(ts, args[0]).stdout.text()
	words := strings.Fields(line)
	if len(words) != 5 || strings.Join(words[:3], " ") != "hostelry run --attach" || !strings.HasPrefix(words[3], args[0]+"=unix:/") {
		ts.Fatalf("%s says %q", args[0], line)
	}
	_, address, _ := strings.Cut(words[3], "=")
	ts.Setenv(args[1], words[3])
	ts.Setenv(args[1]+"_ADDRESS", address)
	ts.Setenv(args[1]+"_DIR", filepath.Dir(strings.TrimPrefix(address, "unix:")))
}
