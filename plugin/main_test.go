package plugin_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// roleKey makes this test binary one of the roles when it is started again.
const roleKey = "PLUGIN_TEST_ROLE"

func TestMain(m *testing.M) {
	if play, ok := roles[os.Getenv(roleKey)]; ok {
		play()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
