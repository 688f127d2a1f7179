//go:build unix

package builtin_test

import (
	"context"
	"fmt"

	"github.com/hostelry-run/hostelry/host/builtin"
)

func Example_exec() {
	run, err := builtin.Kinds()[0].New([]byte(`{"command": ["sh", "-c", "echo out of paper >&2; exit 3"]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = run.Run(context.Background())
	fmt.Println(err)
	// Output: command "sh" exited with status 3; the last lines of its stderr: "out of paper"
}
