package plugin

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// between is the least time between two lines of progress, and redraw the same
	// where one line is drawn again.
	between = time.Second
	redraw  = 100 * time.Millisecond
	// maxDrawn is how wide the line is at most, in characters: one that is wider than
	// the terminal could not be drawn again.
	maxDrawn = 78
)

// screen shows the progress of a task that runs by hand: on a terminal in one line
// at the bottom, which is drawn again, and else in a line now and then. What is
// written to it stands above. It is safe from any goroutine.
type screen struct {
	w    io.Writer
	live bool // w is a terminal

	mu     sync.Mutex
	newest string      // progress
	shown  string      // of it
	next   time.Time   // before then nothing more is shown
	timer  *time.Timer // shows the newest then; nil if it is shown
	drawn  int         // width of the line at the bottom, 0 if there is none
	ended  bool
}

func newScreen(f *os.File) *screen { return &screen{w: f, live: isTerminal(f)} }

// isTerminal takes every device for a terminal: it only makes a difference for
// those that someone reads.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// progress shows the text, now or a little later unless newer text comes.
func (s *screen) progress(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest = text
	if s.timer != nil || s.ended {
		return
	}
	if wait := time.Until(s.next); wait > 0 {
		s.timer = time.AfterFunc(wait, s.flush)
		return
	}
	s.showLocked()
}

func (s *screen) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.timer = nil
		s.showLocked()
	}
}

func (s *screen) showLocked() {
	s.shown = s.newest
	if !s.live {
		s.next = time.Now().Add(between)
		fmt.Fprintln(s.w, s.shown)
		return
	}
	s.next = time.Now().Add(redraw)
	s.drawLocked()
}

// drawLocked draws over the line at the bottom.
func (s *screen) drawLocked() {
	text := fit(s.shown)
	width := utf8.RuneCountInString(text)
	fmt.Fprint(s.w, "\r"+text+strings.Repeat(" ", max(0, s.drawn-width)))
	s.drawn = max(width, 1)
}

// Write writes whole lines. slog's handlers do.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn == 0 {
		return s.w.Write(p)
	}
	fmt.Fprint(s.w, "\r"+strings.Repeat(" ", s.drawn)+"\r")
	n, err := s.w.Write(p)
	s.drawn = 0
	s.drawLocked()
	return n, err
}

// end shows the newest progress and leaves it there.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.timer != nil {
		s.timer.Stop()
		s.showLocked()
	}
	if s.drawn > 0 {
		fmt.Fprintln(s.w)
		s.drawn = 0
	}
}

// fit makes of a text one line that fits.
func fit(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxDrawn {
		return string(runes[:maxDrawn-1]) + "…"
	}
	return text
}
