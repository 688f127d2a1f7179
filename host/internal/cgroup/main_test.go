package cgroup

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// roleKey makes this test binary one of roles when it is started again.
const roleKey = "CGROUP_TEST_ROLE"

// roles are what it can be.
var roles = map[string]func(){}

func TestMain(m *testing.M) {
	if play, ok := roles[os.Getenv(roleKey)]; ok {
		play()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
