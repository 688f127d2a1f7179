package host_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

func TestShareIsRefusedWhereItMakesNoSense(t *testing.T) {
	g := newRig(t, host.Process)
	for want, s := range map[string]host.Spec{
		"share, max tasks and warm are for process mode: in async mode": {Mode: host.Async, Share: host.SharePlugin},
		"in goroutine mode a task shares the host's process":            {Mode: host.Goroutine, Warm: 1},
		`share "Share(7)" is not one of task, plugin`:                   {Share: 7},
		"max tasks -1, warm 0: neither is negative":                     {Share: host.SharePlugin, MaxTasks: -1},
		"max tasks 0, warm -2: neither is negative":                     {Warm: -2},
		"warm 1001: at most 1000 processes wait":                        {Warm: 1001},
		"max tasks are for processes that tasks share":                  {MaxTasks: 3},
		"a limit on CPU time is for a process that is a task's own":     {Share: host.SharePlugin, Limits: host.Limits{CPU: time.Second}},
	} {
		s.ID, s.Kind = "bad", "wait"
		if h, err := g.Add(s); h != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Add(%+v): %v\nwant %s", s, err, want)
		}
	}
}

func TestNamesOfShares(t *testing.T) {
	for _, s := range []host.Share{host.ShareTask, host.SharePlugin} {
		if got, err := host.ParseShare(s.String()); got != s || err != nil {
			t.Errorf("ParseShare(%q) = %v, %v", s, got, err)
		}
	}
	if text, err := json.Marshal(host.SharePlugin); string(text) != `"plugin"` || err != nil {
		t.Errorf("as JSON it is %s, %v", text, err)
	}
}
