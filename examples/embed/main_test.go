package main

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/plugin"
)

// TestMain begins as main does: in process mode this binary is started again.
func TestMain(m *testing.M) {
	plugin.ServeSelf(greetKind())
	goleak.VerifyTestMain(m)
}

func Example() {
	main()
	// Output:
	// in-goroutine ran in this process: true <nil>
	// in-async ran in this process: true <nil>
	// in-process ran in this process: false <nil>
}
