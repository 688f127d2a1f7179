package jobfile_test

import (
	"fmt"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
)

func Example() {
	_, problems := jobfile.Parse("demo.yaml", []byte(`
mode: proces
tasks:
  clock:
    knd: tick
    config: {interval: 1s}
`))
	fmt.Println(problems.Err())
	// Output:
	// demo.yaml:2:7: mode "proces" is not one of goroutine, async, process: did you mean "process"?
	// demo.yaml:4:3: missing required field "kind"
	// demo.yaml:5:5: unknown field "knd": did you mean "kind"? (known: kind, mode, config, env, limits, share, max_tasks, warm, needs, restart, ready, watchdog, timeout, start_timeout, isolate, replicas, group)
}
