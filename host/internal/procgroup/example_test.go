//go:build unix

package procgroup_test

import (
	"fmt"
	"os/exec"

	"github.com/hostelry-run/hostelry/host/internal/procgroup"
)

func Example() {
	// The sleep in the background dies with its leader.
	g, err := procgroup.Start(exec.Command("sh", "-c", "sleep 1000 & exit 3"))
	if err != nil {
		fmt.Println(err)
		return
	}
	<-g.Done()
	fmt.Println(g.Exit())
	// Output: exit status 3
}
