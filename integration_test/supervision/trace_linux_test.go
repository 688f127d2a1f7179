package supervision

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// entry is a line of a trace, the file to which all tasks of a test append.
type entry struct {
	id      string // of the task
	attempt int
	word    string // what it does
	pid     int    // where
	numbers []int  // what else it says
}

// writeTrace appends a line to a trace, all of it or nothing. Who cannot write is of
// no use.
func writeTrace(path string, e entry) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if _, err := fmt.Fprintln(file, e.id, e.attempt, e.word, e.pid, strings.Trim(fmt.Sprint(e.numbers), "[]")); err != nil {
		panic(err)
	}
}

// readTrace reads a trace. One that nobody has written to is empty.
func readTrace(path string) ([]entry, error) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		err = nil
	}
	var entries []entry
	for line := range strings.Lines(string(text)) {
		var e entry
		rest := strings.Fields(line)
		if _, err := fmt.Sscan(line, &e.id, &e.attempt, &e.word, &e.pid); err != nil {
			return nil, fmt.Errorf("trace line %q: %w", line, err)
		}
		for _, field := range rest[4:] {
			n, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("trace line %q: %w", line, err)
			}
			e.numbers = append(e.numbers, n)
		}
		entries = append(entries, e)
	}
	return entries, err
}
