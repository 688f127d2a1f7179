package catalog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/host/catalog"
)

// TestMain runs the tests, and everything that the tests launch: this binary is a
// plugin, a host or whatever else its first argument says, see roles.
func TestMain(m *testing.M) {
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // for processes that the tests start
	if len(os.Args) > 1 {
		if role, ok := roles[os.Args[1]]; ok {
			os.Exit(role(os.Args[2:]))
		}
	}
	if name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe"); strings.HasPrefix(name, catalog.Prefix) {
		os.Exit(offering([]string{"native"}))
	}
	goleak.VerifyTestMain(m)
}
