package builtin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/builtin"
)

func init() { roles["host"] = func() { runAsHost("hang") } }

// runAsHost acts a host that runs a command as a task in its own process.
func runAsHost(role string) {
	config, _ := json.Marshal(command(role))
	hang, err := builtin.Kinds()[0].New(config)
	if err != nil {
		panic(err)
	}
	_, _ = hang.Run(context.Background())
}

func TestExecDiesWithItsHost(t *testing.T) {
	config := command("host")
	w := newWitness(t, config)
	r := start(t, "exec", config)
	gone := w.see(t) // the host's command, in a group of its own
	r.cancel(nil)    // ends the host by SIGTERM, which it does not handle
	gone()
}

func TestExecLeavesNoDescriptor(t *testing.T) {
	count := func() int {
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	<-start(t, "exec", command("fail")).done // what the runtime opens once is open
	before := count()
	for range 10 {
		<-start(t, "exec", command("fail")).done
		<-start(t, "exec", builtin.ExecConfig{Command: []string{"no-such-command"}}).done
	}
	if after := count(); after > before {
		t.Errorf("descriptors grew from %d to %d", before, after)
	}
}

// TestOneKeeper serves all commands of a run, however many there are.
func TestOneKeeper(t *testing.T) {
	r, err := host.New(host.WithKinds(builtin.Kinds()...), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	config := command("hang")
	w := newWitness(t, config)
	for i := range 3 {
		if _, err := r.Add(host.Spec{ID: fmt.Sprint("t", i), Kind: "exec", Config: config}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		defer w.see(t)()
	}
	if n := keepers(t); n != 1 {
		t.Errorf("there are %d keepers", n)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if n := keepers(t); n != 0 {
		t.Errorf("after the run there are %d keepers", n)
	}
}

// keepers is how many keepers this process has.
func keepers(t *testing.T) (n int) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		children, _ := os.ReadFile(list) // a thread may have ended
		for child := range strings.FieldsSeq(string(children)) {
			args, _ := os.ReadFile("/proc/" + child + "/cmdline")
			if strings.HasPrefix(string(args), "hostelry-keeper\x00") {
				n++
			}
		}
	}
	return n
}
