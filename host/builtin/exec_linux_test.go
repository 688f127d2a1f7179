package builtin_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

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
