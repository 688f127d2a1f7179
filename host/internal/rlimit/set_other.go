//go:build !linux

package rlimit

import "errors"

const (
	supported = false
	program   = ""
)

func closeOnExec(uintptr) {}

func (Limits) checkHard() error { return nil }

func set(Limits) error { return errors.ErrUnsupported }

func execute(string, []string, []string) error { return errors.ErrUnsupported }
