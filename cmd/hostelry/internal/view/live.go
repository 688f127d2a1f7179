package view

import (
	"io"
	"strings"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host"
)

// live keeps one line a task at the bottom of a terminal. Log lines, failures and
// notices go above them and stay.
type live struct {
	plain // writes what stays, under its mu
	size  func() (columns, rows int)

	drawn   []int // the widths of the lines on the screen
	stop    chan struct{}
	stopped sync.WaitGroup
}

// frame is the time between two drawings.
const frame = 100 * time.Millisecond

func newLive(s *sink, colours bool, size func() (columns, rows int)) *live {
	return &live{plain: plain{sink: s, style: style{colours}}, size: size, stop: make(chan struct{})}
}

func (v *live) Begin(r Run) {
	v.plain.Begin(r)
	v.stopped.Go(v.animate) // ends with End
}

// animate draws the lines until stop is closed.
func (v *live) animate() {
	ticks := time.NewTicker(frame)
	defer ticks.Stop()
	for {
		v.mu.Lock()
		v.draw("")
		v.mu.Unlock()
		select {
		case <-ticks.C:
		case <-v.stop:
			return
		}
	}
}

// draw writes text, whole lines, where the live lines are, and those below it.
// It is one write, so that nothing flickers.
func (v *live) draw(text string) {
	columns, rows := v.size()
	now := time.Now()
	var b strings.Builder
	b.WriteString(v.erase(columns) + text)
	for _, line := range v.board.screen(now, v.style, columns-1, rows-2) {
		b.WriteString(line + "\n")
	}
	v.drawn = v.drawn[:0]
	for _, line := range v.board.screen(now, style{}, columns-1, rows-2) {
		v.drawn = append(v.drawn, terminal.Width(line))
	}
	v.write(b.String())
}

// erase is what removes the lines on the screen, the lowest first. In a terminal
// that has become narrower since, each may have been wrapped. It does not clear
// the screen's rest in one go: terminals may keep what that clears in their
// history, if it begins at the top.
func (v *live) erase(columns int) string {
	up := 0
	for _, width := range v.drawn {
		up += max(1, (width+columns-1)/max(1, columns))
	}
	return "\r" + strings.Repeat("\x1b[1A\x1b[2K", up)
}

func (v *live) Event(e host.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.board.update(e)
	if e.Type == host.EventState && (e.Err != nil || conditionOf(e).neverStarts()) {
		v.draw(v.stateLines(e))
	}
}

func (v *live) Log(r Record) {
	if r.tellsFailure() {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.board == nil { // before Begin
		v.write(v.logLine(r) + "\n")
		return
	}
	v.draw(v.logLine(r) + "\n")
}

func (v *live) Notice(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.board == nil { // before Begin
		v.tell(text)
		return
	}
	v.draw(v.paint(yellow, terminal.Clean(text)) + "\n")
}

func (v *live) End(s Summary) {
	close(v.stop)
	v.stopped.Wait()
	if s.Status == StatusRefused {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	columns, _ := v.size()
	v.write(v.erase(columns) + strings.Join(v.board.report(s, v.style, columns-1), "\n") + "\n")
	v.out = io.Discard // an abandoned task may still log
	v.board = nil
}
