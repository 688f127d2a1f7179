package conformance

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// prefix begins the names of the files under which this binary is a plugin: a good one,
// or one of wrongs.
const prefix = "hostelry-"

func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // for processes that the tests start
	if len(os.Args) > 1 && os.Args[1] == lingers {
		linger()
	}
	if name, ok := strings.CutPrefix(filepath.Base(os.Args[0]), prefix); ok {
		serve(name)
	}
	flag.Parse()
	flag.Set("test.parallel", "6") // they mostly wait
	goleak.VerifyTestMain(m)
}

// serve is this binary as a plugin. It does not return.
func serve(name string) {
	p := newPlugin(name)
	for _, w := range wrongs() {
		if w.name == name {
			w.how(p)
		}
	}
	p.main()
}
