package plugin

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestProgressInAFile: at once, then a line a second, the newest, and the last.
func TestProgressInAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		s := &screen{w: &w}
		for n := range 35 { // until 2.38 s
			s.progress(fmt.Sprint("step ", n))
			fmt.Fprintf(s, "log %d\n", n)
			time.Sleep(70 * time.Millisecond)
		}
		s.end()
		var got []string
		for line := range strings.Lines(w.String()) {
			if line, ok := strings.CutPrefix(line, "step "); ok {
				got = append(got, strings.TrimSpace(line))
			}
		}
		if fmt.Sprint(got) != "[0 14 28 34]" {
			t.Errorf("shown are steps %v of\n%s", got, &w)
		}
		if n := strings.Count(w.String(), "log "); n != 35 {
			t.Errorf("%d of 35 lines of the log are there", n)
		}
	})
}

// TestProgressThatStops is shown when its turn comes, though nothing newer does.
func TestProgressThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		s := &screen{w: &w}
		s.progress("1")
		s.progress("2")
		s.progress("3")
		time.Sleep(between)
		synctest.Wait()
		if w.String() != "1\n3\n" {
			t.Errorf("shown is %q", &w)
		}
		s.end()
		s.progress("4")
		time.Sleep(between)
		if w.String() != "1\n3\n" {
			t.Errorf("after the end shown is %q", &w)
		}
	})
}

// TestProgressOnATerminal: one line is drawn again, below what is written.
func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		s := &screen{w: &w, live: true}
		fmt.Fprintln(s, "first")
		s.progress("long text")
		time.Sleep(redraw)
		s.progress("short")
		fmt.Fprintln(s, "log")
		time.Sleep(redraw)
		s.progress("odd\n\x1b[2Jtext\twith " + strings.Repeat("é", 100))
		s.end()
		s.end()
		odd := "odd  [2Jtext with " + strings.Repeat("é", maxDrawn-19) + "…"
		want := "first\n\rlong text\rshort    \r     \rlog\n\rshort\r" + odd + "\n"
		if w.String() != want {
			t.Errorf("written is\n%q, want\n%q", &w, want)
		}
	})
}
