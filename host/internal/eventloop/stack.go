package eventloop

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
)

// exactUpTo is how many goroutines a program may have for a stack to be taken by
// runtime.Stack, which stops the world for about 7 µs for each of them: for 15 ms
// at most, then, but for seconds with the million of which a loop is capable.
const exactUpTo = 2000

// What the traceback of a coroutine has in it.
const (
	mainFrame    = "eventloop.(*Coroutine).main"
	suspendFrame = "eventloop.(*Coroutine).suspend"
)

// stack is the stack of c, which has the loop, as text, or "" if it has ended.
func (c *Coroutine) stack() string {
	if runtime.NumGoroutine() <= exactUpTo {
		return c.exactStack()
	}
	return runningStacks()
}

// exactStack finds c's stack, among those of all goroutines, by the receiver's
// address in main's frame.
func (c *Coroutine) exactStack() string {
	frame := fmt.Appendf(nil, "%s(%p)", mainFrame, c)
	for block := range bytes.SplitSeq(allStacks(), []byte("\n\n")) {
		if bytes.Contains(block, frame) {
			return string(block)
		}
	}
	return ""
}

func allStacks() []byte {
	for size := 1 << 20; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return buf[:n]
		}
	}
}

// runningStacks is the stacks of all coroutines of the program that are not
// suspended: of c and of few others, if any. The goroutine profile does not stop
// the world, and takes 4 s for a million goroutines, but tells equal stacks
// apart by their labels only, which belong to the program's own code.
func runningStacks() string {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return "" // a Buffer takes everything
	}
	var found []string
	for block := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(block, mainFrame) && !strings.Contains(block, suspendFrame) {
			found = append(found, block)
		}
	}
	return strings.Join(found, "\n\n")
}
