package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

// fields is a config with what a person can be told of.
type fields struct {
	Root  string `json:"root"            jsonschema:"description=the directory to hash"`
	Mode  string `json:"mode,omitempty"  jsonschema:"enum=fast,enum=slow,default=fast"`
	Depth int    `json:"depth,omitempty"`
}

func kindOf[C any](name string) task.Kind {
	return task.NewKind(name, func(C) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return nil, nil }), nil
	}, task.WithDescription("Does "+name+"."))
}

// good is the Info of roles that are about something else.
func good() plugin.Info { return plugin.Info{Name: "good", Version: "1.2.3"} }

// roles are what this binary can be instead of a test.
var roles = map[string]func(){
	"good": func() { plugin.Main(good(), kindOf[fields]("digest"), kindOf[struct{}]("tick")) },
	"self": func() { plugin.ServeSelf(tasks()...); fmt.Println("on with main") },
	"tasks": func() {
		plugin.Main(good(), tasks()...)
	},
	"chatty": func() { fmt.Println("hello before"); plugin.Main(good(), tasks()...) },

	"no kinds":     func() { plugin.Main(good()) },
	"bad name":     func() { plugin.Main(plugin.Info{Name: "No Name", Version: "1.0.0"}, kindOf[fields]("digest")) },
	"no info":      func() { plugin.Main(plugin.Info{}, kindOf[fields]("digest")) },
	"bad version":  func() { plugin.Main(plugin.Info{Name: "good", Version: "v1"}, kindOf[fields]("digest")) },
	"zero kind":    func() { plugin.Main(good(), task.Kind{}) },
	"no maker":     func() { plugin.Main(good(), task.NewKind[fields]("digest", nil)) },
	"bad kind":     func() { plugin.Main(good(), kindOf[fields]("Digest")) },
	"not a struct": func() { plugin.Main(good(), kindOf[string]("digest")) },
	"channel":      func() { plugin.Main(good(), kindOf[struct{ C chan int }]("digest")) },
	"no end":       func() { plugin.Main(good(), kindOf[endless]("digest")) },
	"twice":        func() { plugin.Main(good(), kindOf[fields]("digest"), kindOf[struct{}]("digest")) },

	"look around": lookAround,
	"stranger":    stranger,
}

type endless struct{ Inner []endless }

// tasks are the kinds of a plugin that serves.
func tasks() []task.Kind {
	kind := func(name string, run func(context.Context, config) (any, error)) task.Kind {
		return task.NewKind(name, func(c config) (task.Task, error) {
			return task.Func(func(ctx context.Context) (any, error) { return run(ctx, c) }), nil
		})
	}
	return []task.Kind{
		kind("stop", untilStopped), kind("stubborn", stubborn), kind("print", prints), kind("children", children),
	}
}

// config is of all tasks here.
type config struct {
	Trace string `json:"trace,omitempty"` // a file to leave a trace in
}

// untilStopped cleans up loudly when it is stopped, and leaves its trace last.
func untilStopped(ctx context.Context, c config) (any, error) {
	task.Ready(ctx)
	<-ctx.Done()
	cause := context.Cause(ctx)
	for range 100 {
		fmt.Println("cleaning up")
		fmt.Fprintln(os.Stderr, "cleaning up")
		task.Logger(ctx).Info("cleaning up")
	}
	if c.Trace == "" {
		return strings.Repeat("x", 1<<20), cause
	}
	return nil, errors.Join(cause, os.WriteFile(c.Trace, []byte(cause.Error()), 0o600))
}

// stubborn never ends.
func stubborn(ctx context.Context, _ config) (any, error) {
	task.Ready(ctx)
	<-ctx.Done()
	task.Progress(context.WithoutCancel(ctx), 1, 1, "asked in vain")
	select {}
}

// prints says something in every way.
func prints(ctx context.Context, _ config) (any, error) {
	fmt.Println("on stdout")
	fmt.Fprintln(os.Stderr, "on stderr")
	slog.Warn("by default", "n", 7)
	task.Logger(ctx).Error("by task", "n", 8)
	return nil, nil
}

// children returns what a child of the plugin sees, and what the plugin's own
// environment is.
func children(context.Context, config) (any, error) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), roleKey+"=look around")
	out, err := child.Output()
	return string(out), err
}

// lookAround prints what of a plugin a child of it could notice.
func lookAround() {
	for _, entry := range os.Environ() {
		if strings.Contains(entry, "PLUGIN_") && !strings.HasPrefix(entry, roleKey) || strings.HasPrefix(entry, "HOSTELRY_") {
			fmt.Println(entry)
		}
	}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGPIPE, syscall.SIGTERM} {
		if signal.Ignored(s) {
			fmt.Println("ignores", s)
		}
	}
	fmt.Println("done")
}

// stranger connects to the socket in its first argument and waits for its end.
func stranger() {
	conn, err := net.Dial("unix", os.Args[1])
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	got, err := io.ReadAll(conn)
	fmt.Printf("heard %q %v", got, err)
}
