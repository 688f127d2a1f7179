package plugin_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// TestImports: what package plugin links, each plugin loads and initializes at each
// start, before main. These have shown themselves dear, or are a host's or a test's.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := make(map[string]bool)
	for path := range strings.FieldsSeq(string(out)) {
		linked[path] = true
	}
	for path, reason := range map[string]string{
		"testing":                                       "it is for tests, and adds flags",
		"net/rpc":                                       "go-plugin's other transport",
		"encoding/gob":                                  "0.2 ms of init",
		"github.com/Masterminds/semver/v3":              "0.3 ms of init, for regular expressions",
		"github.com/hashicorp/go-plugin":                "the host's; with its imports 0.8 ms of init",
		"github.com/hashicorp/go-hclog":                 "the host's; the SDK writes its lines itself",
		"github.com/goccy/go-yaml":                      "for job files",
		"github.com/santhosh-tekuri/jsonschema/v6":      "hosts check configs",
		"google.golang.org/grpc/reflection":             "0.4 ms of init, for descriptors",
		"google.golang.org/protobuf/reflect/protodesc":  "0.3 ms of init",
		"google.golang.org/protobuf/types/descriptorpb": "0.1 ms of init",
	} {
		if linked[path] {
			t.Errorf("package plugin imports %s, somewhere below: %s", path, reason)
		}
	}
}

// TestInit bounds what is initialized before a plugin's main: by the allocations, as
// time is the machine's. 0.5 ms of init are about a thousand of them.
func TestInit(t *testing.T) {
	const most, mostOfOurs = 2300, 60 // were 1943 and 28: most are of gRPC, protobuf and the library that derives schemas
	total, ours := 0, 0
	for _, p := range initialized(t) {
		total += p.allocs
		if strings.HasPrefix(p.path, "github.com/hostelry-run/") {
			ours += p.allocs
		}
		if p.allocs > 100 {
			t.Logf("%5d allocations: %s", p.allocs, p.path)
		}
	}
	if total == 0 || total > most || ours > mostOfOurs {
		t.Errorf("before main are %d allocations, %d of them this module's; want at most %d and %d", total, ours, most, mostOfOurs)
	}
}

// initOf is what a package's init did.
type initOf struct {
	path   string
	allocs int
}

// initialized starts a plugin as an author builds it, and reads what Go's runtime says
// of each package.
func initialized(t *testing.T) (packages []initOf) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hostelry-tick")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", path, "../examples/tick").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1", wire.CookieKey+"="+wire.CookieValue) // it lacks a directory, and says so after main began
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		// init PACKAGE @1.2 ms, 0.3 ms clock, 56 bytes, 7 allocs
		fields := strings.Fields(lines.Text())
		if len(fields) != 11 || fields[0] != "init" {
			continue
		}
		n, err := strconv.Atoi(fields[9])
		if err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		packages = append(packages, initOf{fields[1], n})
	}
	_, _ = io.Copy(io.Discard, stderr)
	if err := cmd.Wait(); err == nil {
		t.Error("it served, without a directory for its socket")
	}
	return packages
}
