//go:build !linux

package cgroup

import (
	"errors"
	"os"
	"syscall"
)

// Without Linux there is no cgroup to find, so that nobody comes here.

func startIn(*os.File) *syscall.SysProcAttr { return nil }

func canStartIn() error { return errors.ErrUnsupported }

func marked(string) bool { return false }

func writable(string) error { return errors.ErrUnsupported }
