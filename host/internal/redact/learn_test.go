package redact_test

import (
	"testing"

	"github.com/hostelry-run/hostelry/host/internal/redact"
)

func TestLearn(t *testing.T) {
	m := redact.Learning()
	if got := m.Text("hunter2 and s3cret"); got != "hunter2 and s3cret" {
		t.Error(got)
	}
	for range 2 {
		m.Learn(redact.New([]string{"hunter2"}))
		m.Learn(nil)
	}
	if got := m.Text("hunter2 and s3cret"); got != "*** and s3cret" {
		t.Error(got)
	}
	m.Learn(redact.New([]string{"s3cret"}))
	if got := m.Text("hunter2 and s3cret"); got != "*** and ***" {
		t.Error(got)
	}
	if masked, rest := m.Cut([]byte("hunter2 and s3c")); string(masked) != "*** and " || string(rest) != "s3c" {
		t.Errorf("%q, %q", masked, rest)
	}
}
