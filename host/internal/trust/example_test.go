//go:build unix

package trust_test

import (
	"fmt"
	"os"

	"github.com/hostelry-run/hostelry/host/internal/trust"
)

func Example() {
	f, err := os.CreateTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	fmt.Println(trust.Check(f))
	_ = f.Chmod(0o606)
	fmt.Println(trust.Check(f))
	// Output:
	// <nil>
	// everybody can write it (-rw----rw-)
}
