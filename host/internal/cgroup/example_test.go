package cgroup_test

import (
	"fmt"
	"os/exec"

	"github.com/hostelry-run/hostelry/host/internal/cgroup"
)

func Example() {
	limits, err := cgroup.Find(cgroup.Limits{Processes: 100})
	if err == nil {
		err = limits.Prepare()
	}
	if err != nil {
		limits = cgroup.Limits{} // no cgroup can be made here, and err says why
	}
	group := limits.New()
	cmd := exec.Command("go", "version")
	if group != nil {
		if err := group.Make(); err != nil {
			fmt.Println(err)
		}
		defer group.End() // which says what was reached
	}
	cmd.SysProcAttr = group.Attr()
	fmt.Println(cmd.Run())
	// Output: <nil>
}
