package plugintest_test

import (
	"testing"

	"github.com/hostelry-run/hostelry/plugin/plugintest"
)

// TestConforms is the test that an author writes of each kind.
func TestConforms(t *testing.T) {
	plugintest.Run(t, countKind(), plugintest.WithConfig(countConfig{To: 10}))
}
