//go:build race

package chaos

const racing = true
