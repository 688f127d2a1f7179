package redact

import (
	"cmp"
	"slices"
)

// Learning returns a Mask without secrets that is to learn them: that of a process which
// tasks share.
func Learning() *Mask { return new(Mask) }

// Learn has m mask what other masks, from now on and for good: what was said of a secret
// may still be on its way when its task has ended.
func (m *Mask) Learn(other *Mask) {
	if other == nil {
		return
	}
	m.learning.Lock()
	defer m.learning.Unlock()
	known := m.known()
	words := slices.Clone(known) // readers have the other
	for _, word := range other.known() {
		if !slices.Contains(known, word) {
			words = append(words, word)
		}
	}
	if len(words) > len(known) {
		slices.SortFunc(words, longestFirst)
		m.words.Store(&words)
	}
}

func (m *Mask) known() []string {
	if words := m.words.Load(); words != nil {
		return *words
	}
	return nil
}

func longestFirst(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) }
