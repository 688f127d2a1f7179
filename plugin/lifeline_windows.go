package plugin

import "os"

// lifelineEnd is stdin, whose end is the host's.
func lifelineEnd() *os.File { return os.Stdin }
