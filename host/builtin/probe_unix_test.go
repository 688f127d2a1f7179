//go:build unix

package builtin_test

import (
	"testing"

	"github.com/hostelry-run/hostelry/host/builtin"
)

// On unix, because Windows words "connection refused" in its own way.
func TestProbeFailsAfterMissesInARow(t *testing.T) {
	address := refused(t)
	r := start(t, "probe", builtin.ProbeConfig{TCP: address, Interval: soon})
	<-r.done
	want := "tcp " + address + " missed 3 times in a row, the last time: connection refused"
	if r.err == nil || r.err.Error() != want {
		t.Errorf("error is %v, want %s", r.err, want)
	}
	if r.isReady || len(r.progress) != 3 || r.progress[2] != "3/0 miss 3/3: connection refused" {
		t.Errorf("ready: %v, progress: %q", r.isReady, r.progress)
	}
	if got := string(r.result); got != `{"checks":3,"misses":3,"last":"connection refused"}` {
		t.Errorf("result is %s", got)
	}
}
