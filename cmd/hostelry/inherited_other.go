//go:build !linux

package main

// keepInherited knows no way on this system.
func keepInherited() {}
