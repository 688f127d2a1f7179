package pluginproc

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/hostelry-run/hostelry/host/internal/redact"
)

const (
	maxTailLines = 20
	maxTailText  = 500 // bytes kept of each of them
)

// tail keeps the last lines of a stream, and before them the line that says why a
// program crashed: a runtime prints that first, and much after it. It is safe from
// any goroutine.
type tail struct {
	mask *redact.Mask

	mu       sync.Mutex
	headline string
	kept     []string
}

func (t *tail) add(s string) {
	s = t.mask.Text(s)                                                // while it is whole
	s = strings.ToValidUTF8(s[:min(len(s), 2*maxTailText)], "\uFFFD") // which may make it longer
	if len(s) > maxTailText {
		s = strings.ToValidUTF8(s[:maxTailText], "") + "..."
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if isHeadline(s) {
		t.headline = s
	}
	if len(t.kept) == maxTailLines {
		t.kept = slices.Delete(t.kept, 0, 1)
	}
	t.kept = append(t.kept, s)
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.headline == "" || slices.Contains(t.kept, t.headline) {
		return slices.Clone(t.kept)
	}
	return append([]string{t.headline}, t.kept[1:]...)
}

// isHeadline knows how Go says why it crashes.
func isHeadline(s string) bool {
	return strings.HasPrefix(s, "panic: ") || strings.HasPrefix(s, "fatal error: ") ||
		strings.HasPrefix(s, "runtime: out of memory") ||
		strings.HasPrefix(s, "SIG") && strings.Contains(s, ": ") // "SIGABRT: abort"
}

// LastWords picks the one of a process's last lines that says most: why it
// crashed, or else the last that is not blank. It is "" if there are none.
func LastWords(lines []string) string {
	for _, l := range slices.Backward(lines) {
		if isHeadline(l) {
			return l
		}
	}
	for i, l := range slices.Backward(lines) {
		switch l = strings.TrimSpace(l); {
		case l == "":
		case strings.HasPrefix(l, "Node.js v"): // which is how Node ends a crash
			return cmp.Or(thrown(lines[:i]), l)
		default:
			return l
		}
	}
	return ""
}

// thrown is what Node says was thrown: it stands below the line that points at the code.
func thrown(lines []string) string {
	words := ""
	for _, l := range slices.Backward(lines) {
		l = strings.TrimSpace(l)
		if l != "" && strings.Trim(l, "^") == "" {
			return words
		}
		words = cmp.Or(l, words)
	}
	return ""
}
