package scaffold

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
)

// Module is the Go module that this command is of, as another module's go.mod names it.
type Module struct {
	// Version is the one to require.
	Version string
	// Dir is the checkout that takes its place, or "" for a released version.
	Dir string
}

// modulePath is the module's, as plugins import it.
const modulePath = "github.com/hostelry-run/hostelry"

// ThisModule finds the module that this command was built from: the released version
// that the go command fetched, or the checkout on this machine.
func ThisModule() (Module, error) {
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Path == modulePath && info.Main.Sum != "" { // only what was fetched has a sum
		return Module{Version: info.Main.Version}, nil
	}
	places := []string{}
	if _, file, _, ok := runtime.Caller(0); ok {
		places = append(places, filepath.Dir(file)) // unless it was built with -trimpath
	}
	if program, err := os.Executable(); err == nil {
		places = append(places, filepath.Dir(program))
	}
	if dir, err := os.Getwd(); err == nil {
		places = append(places, dir)
	}
	for _, place := range places {
		if dir := checkout(place); dir != "" {
			return Module{Version: "v0.0.0", Dir: dir}, nil
		}
	}
	return Module{}, fmt.Errorf("this command was built from a checkout of %s that is not to be found any more: run it from inside one", modulePath)
}

// theModule matches the go.mod of the module.
var theModule = regexp.MustCompile(`(?m)^module ` + regexp.QuoteMeta(modulePath) + `$`)

// checkout is the folder at place or above it that holds the module, or "".
func checkout(place string) string {
	for dir := place; filepath.IsAbs(dir); {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			if theModule.Match(text) {
				return dir
			}
			return ""
		}
		above := filepath.Dir(dir)
		if above == dir {
			break
		}
		dir = above
	}
	return ""
}
