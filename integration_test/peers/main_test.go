package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/plugin"
)

func TestMain(m *testing.M) {
	plugin.ServeSelf(errands()...)
	if role, ok := roles()[os.Getenv(roleVariable)]; ok {
		os.Exit(role())
	}
	goleak.VerifyTestMain(m)
}
