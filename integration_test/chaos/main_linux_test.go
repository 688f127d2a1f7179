package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// pluginFile is the name under which this binary is a plugin.
const pluginFile = "hostelry-chaos"

// roleKey makes this binary one of roles.
const roleKey = "CHAOS_ROLE"

var roles = map[string]func(){
	"grandchild": grandchild,
	"listener":   listener,
	"nobodys":    nobodysListener,
	"successor":  successor,
	"matchmaker": matchmaker,
	"orphan":     orphan,
	"usurper":    usurper,
	"stranger":   stranger,
	"busy-host":  busyHost,
}

// TestMain runs the tests, and is everything that the tests start: this binary is
// their plugin, their hosts and their strangers.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // for processes that the tests start
	if role, ok := roles[os.Getenv(roleKey)]; ok {
		role()
		os.Exit(0)
	}
	switch name := filepath.Base(os.Args[0]); {
	case name == pluginFile:
		servePlugin()
	case strings.HasPrefix(name, badPrefix):
		serveBadly(strings.TrimPrefix(name, badPrefix))
	}
	os.Exit(run(m))
}

// run gives the tests an environment of their own: a TMPDIR, to see what is left
// there, and what a host should not pass on.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("/tmp", "chaos-") // short: sockets live below it
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	os.Chmod(dir, 0o711) // for another user, in the tests that have one
	for key, value := range map[string]string{
		"TMPDIR": dir, "PLUGIN_CLIENT_CERT": certificate(), "CHAOS_SECRET": "the host's own",
		"PLUGIN_UNIX_SOCKET_DIR": "/nowhere", "HOSTELRY_LIFELINE": "none",
	} {
		os.Setenv(key, value)
	}
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}
