package pluginproc

import (
	"strings"
	"testing"
)

// TestProgress is how far a launch had come when its time was over.
func TestProgress(t *testing.T) {
	for want, c := range map[string]struct {
		killed bool
		line   string
	}{
		"it has closed its stdout":                {false, ""},
		`it has printed "1|1|", and no end`:       {true, "1|1|"},
		"it has printed nothing to stdout, where": {true, ""},
	} {
		r := &pluginRunner{killed: c.killed}
		if !r.broke([]byte(c.line)) || !strings.Contains(r.progress(), want) {
			t.Errorf("it says %q, want %q in it", r.progress(), want)
		}
	}
	if r := (&pluginRunner{}); r.broke([]byte("1|1|unix|/a|grpc")) {
		t.Error("a handshake without an end of the line, before stdout was closed, is none")
	}
}
