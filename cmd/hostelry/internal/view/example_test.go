package view_test

import (
	"os"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/view"
	"github.com/hostelry-run/hostelry/host"
)

func Example() {
	v, err := view.New("plain", os.Stdout, os.Stderr, func(error) {})
	if err != nil {
		panic(err)
	}
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	v.Begin(view.Run{ID: "r1", Tasks: []view.Task{{ID: "clock", Kind: "tick", Mode: "process"}}})
	v.Event(host.Event{Time: noon, Task: "clock", Kind: "tick", Mode: host.Process, Attempt: 1, Type: host.EventState, State: host.StateStarting})
	v.Event(host.Event{Time: noon.Add(time.Second), Task: "clock", Attempt: 1, Type: host.EventProgress, Progress: host.Progress{Done: 1, Total: 5, Message: "tick"}})
	// Output:
	// 12:00:00 clock starting tick in process mode
	// 12:00:01 clock progress 1 of 5 (20%): tick
}
