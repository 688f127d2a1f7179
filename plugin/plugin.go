// Package plugin is what an extension author imports: it turns kinds of task into
// a plugin, an executable that a Hostelry host launches. An author's whole main is
// one call of [Main]:
//
//	func main() {
//		plugin.Main(plugin.Info{Name: "digest", Version: "0.1.0"}, digest.Kind())
//	}
//
// Build it under the name hostelry-NAME, put it into a plugin directory, and
// `hostelry run --plugins DIR KIND` runs it.
//
// A host starts it for each task, unless told otherwise: where tasks share a process
// (share: plugin in a job file), package variables, the working directory, os.Exit and a
// panic on a goroutine that a task started are everyone's in it, what is printed is no
// task's, and a task's log is what it says by task.Logger. Where processes are kept waiting
// (warm), a task is spared what main does before Main. It starts in three quarters of
// the time, and is a quarter smaller, without what few plugins use, cgo and gRPC's pages
// for golang.org/x/net/trace:
//
//	CGO_ENABLED=0 go build -tags grpcnotrace -o hostelry-digest .
//
// The binary also stands on its own. Without arguments it explains itself, describe
// says what it offers, and run runs one task in that one process: its progress and
// logs go to stderr, its result to stdout as JSON, and Ctrl-C is its stop. There
// everything works plainly that looks into a process:
//
//	dlv exec ./hostelry-digest -- run digest --set root=.
//	strace -f -o trace.txt ./hostelry-digest run digest --set root=.
//	./hostelry-digest run digest --set root=. --cpuprofile cpu.out && go tool pprof -top ./hostelry-digest cpu.out
//
// A real job runs its tasks in such a process if the plugin is attached instead of
// launched:
//
//	dlv exec ./hostelry-digest -- serve --attach
//	hostelry run --attach digest=unix:/... --start-timeout 1h --grace 1h JOB.yaml   # what serve printed, and time
package plugin

import (
	"fmt"
	"os"

	"golang.org/x/mod/semver"

	"github.com/hostelry-run/hostelry/shared/schema"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// Info says what a plugin is.
type Info struct {
	// Name is the name of the plugin's file without the prefix "hostelry-": 1 to
	// 64 lower-case letters, digits and inner hyphens.
	Name string
	// Version is a semantic version without a leading "v", such as "0.1.0".
	Version string
}

// Main serves kinds to the host that started this process, and exits when the
// host is done with it or gone. It must be called from main, once, before
// anything is written to stdout, and never returns. Once no task runs, the host may
// kill the process: what is to be done at an end belongs into a task's Run or Stop.
//
// Started by hand, it does what the arguments say, as the package's documentation
// tells, and exits with the statuses of hostelry run: 0, 1 if the task failed, 2 if
// it was called wrongly, 130 after Ctrl-C. An info or kind that is not valid is said
// on stderr, by hand and with a host.
//
// By hand too, what a task prints to stdout and logs by slog's default logger goes to
// stderr while it runs. Its config is decoded and given to its kind; a host checks it
// against the whole schema before.
//
// The host must be this process's parent, or that of its process group's leader: a script
// around a plugin may run it as a child.
//
// While the plugin serves, slog's default logger writes to the host's log, and
// so does what is printed to stdout and stderr, line by line. SIGINT is left to
// the host; SIGTERM stops the tasks and then exits.
func Main(info Info, kinds ...task.Kind) {
	os.Exit(run(info, kinds))
}

// ServeSelf is for programs that embed a host: it lets the kinds that they
// register run in process mode, for which the host starts the program itself
// again as a plugin. Call it first in main, with every kind that is registered:
//
//	func main() {
//		plugin.ServeSelf(greet)
//		...
//
// In a process that a host started so, it serves and never returns; else it
// returns at once and has no effect. Without it, the program that the host
// started would run its own main: host.New refuses to make a runner there, so
// that programs do not start each other without end, and the task fails to launch
// with a message that names this function.
func ServeSelf(kinds ...task.Kind) {
	if os.Getenv(wire.CookieKey) != wire.CookieValue {
		return
	}
	Main(Info{Name: "self", Version: "0.0.0"}, kinds...)
}

func run(info Info, kinds []task.Kind) int {
	if os.Getenv(wire.CookieKey) != wire.CookieValue {
		return byHand(info, kinds)
	}
	d, err := outline(info, kinds)
	if err != nil {
		fmt.Fprintf(os.Stderr, "plugin %q cannot be served: %v\n", info.Name, err)
		return 2
	}
	if err := serve(d, kinds); err != nil {
		fmt.Fprintf(os.Stderr, "plugin %q cannot be served: %v\n", info.Name, err)
		return 1
	}
	return 0
}

// describe is outline with the configs' schemas. They take a while to derive: a
// host that runs a task does not need them.
func describe(info Info, kinds []task.Kind) (wire.Description, error) {
	d, err := outline(info, kinds)
	if err != nil {
		return d, err
	}
	return d.WithSchemas(kinds)
}

// outline checks everything that an author can get wrong, but for the configs' tags.
func outline(info Info, kinds []task.Kind) (wire.Description, error) {
	d := wire.Description{Name: info.Name, Version: info.Version}
	if err := task.ValidateName(info.Name); err != nil {
		return d, err
	}
	if !isVersion(info.Version) {
		return d, fmt.Errorf("its version %q is not a semantic version such as 0.1.0", info.Version)
	}
	seen := make(map[string]bool, len(kinds))
	for _, k := range kinds {
		if err := k.Validate(); err != nil {
			return d, err
		}
		if seen[k.Name()] {
			return d, fmt.Errorf("it offers the kind %q twice", k.Name())
		}
		seen[k.Name()] = true
		if err := schema.Check(k.ConfigType()); err != nil {
			return d, fmt.Errorf("kind %q: %w", k.Name(), err)
		}
		d.Kinds = append(d.Kinds, wire.KindDescription{Name: k.Name(), Description: k.Description()})
	}
	if len(kinds) == 0 {
		return d, fmt.Errorf("it offers no kinds: give plugin.Main at least one")
	}
	return d, nil
}

// isVersion knows a semantic version in full. It asks a library that compiles no
// regular expressions at each start: those of the host's take 0.3 ms.
func isVersion(s string) bool {
	v := "v" + s
	return semver.IsValid(v) && semver.Canonical(v)+semver.Build(v) == v
}
