//go:build !linux

package keeper

import (
	"os"
	"time"
)

func enlarge(*os.File) {}

func program() (string, error) { return os.Executable() }

func nameSelf() {}

// follow does nothing: there is no other sign of the host's death than the pipe's end.
func (*calm) follow(int) {}

// awaitNews does not wait: other systems do not agree on how to.
func (*calm) awaitNews(time.Duration) {}

func readRest(pipe *os.File, p []byte) (int, error) { return pipe.Read(p) }

// birth is not told by this system without more ado: a number that another
// process got within the keeper's patience is killed in its stead.
func birth(int) string { return "" }

// killMarked does nothing: this system does not show a process's environment.
func killMarked(...string) {}

// anyMarked cannot tell.
func anyMarked(string) bool { return true }
