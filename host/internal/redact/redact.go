// Package redact masks the secrets of a task in what the task says through its
// host: log records, progress, errors, panics, the lines of a process, results.
package redact

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

const (
	// Masked stands in the place of a secret.
	Masked = "***"
	// Shortest is the number of characters below which a secret is not looked for:
	// it would be found in every other word.
	Shortest = 4
)

// Mask knows the secrets of one task, or of several: see Learn. A nil Mask is that of a task without secrets:
// its methods give back what they get. The methods are safe from any goroutine.
type Mask struct {
	words    atomic.Pointer[[]string] // to look for, each once, the longest first
	learning sync.Mutex               // one at a time
}

// New returns a Mask of the secrets, or nil if there is none to look for. Beside a
// secret itself it knows each of its lines, as output comes by lines, and how a
// quoted string, JSON and a URL write them.
func New(secrets []string) *Mask {
	var words []string
	for _, secret := range secrets {
		for _, text := range append(strings.Split(secret, "\n"), secret) {
			if text = strings.TrimSpace(text); utf8.RuneCountInString(text) >= Shortest {
				words = appendWays(words, text)
			}
		}
	}
	if words == nil {
		return nil
	}
	slices.SortFunc(words, longestFirst)
	words = slices.Compact(words)
	m := new(Mask)
	m.words.Store(&words)
	return m
}

// appendWays appends a text and the ways to write it.
func appendWays(words []string, text string) []string {
	encoded, err := json.Marshal(text)
	if err != nil { // a string always encodes
		encoded = []byte(`"` + text + `"`)
	}
	bare := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(encoded))
	words = append(words, text, url.QueryEscape(text), url.PathEscape(text))
	for _, quoted := range []string{string(encoded), bare, strconv.Quote(text), strconv.QuoteToASCII(text)} {
		words = append(words, quoted[1:len(quoted)-1])
	}
	return words
}

// Text masks the secrets in a text. Where two overlap, both are masked.
func (m *Mask) Text(s string) string {
	if m == nil {
		return s
	}
	return replace(s, m.spans(s))
}

// Texts masks each of the texts.
func (m *Mask) Texts(all []string) []string {
	if m == nil {
		return all
	}
	masked := make([]string, len(all))
	for i, s := range all {
		masked[i] = m.Text(s)
	}
	return masked
}

// Cut masks the secrets in a text that goes on. rest is its end, not masked, where
// a secret may have begun: it belongs before what follows.
func (m *Mask) Cut(text []byte) (masked, rest []byte) {
	if m == nil {
		return text, nil
	}
	s := string(text)
	found := m.spans(s)
	cut := len(s) - m.begun(s)
	for _, f := range found { // a secret that ends there may be the beginning of one, too
		if f.from < cut && f.to > cut {
			cut = f.from
			break
		}
	}
	return []byte(replace(s[:cut], found)), text[cut:]
}

// begun is the length of the longest end of s with which a word begins.
func (m *Mask) begun(s string) int {
	words := m.known()
	if len(words) == 0 {
		return 0
	}
	for n := min(len(s), len(words[0])-1); n > 0; n-- {
		end := s[len(s)-n:]
		if slices.ContainsFunc(words, func(word string) bool { return len(word) > n && strings.HasPrefix(word, end) }) {
			return n
		}
	}
	return 0
}

// span is a part of a text.
type span struct{ from, to int }

// spans are where the words are in s, in the order of where they begin.
func (m *Mask) spans(s string) []span {
	var all []span
	for _, word := range m.known() {
		for at := 0; ; {
			i := strings.Index(s[at:], word)
			if i < 0 {
				break
			}
			all = append(all, span{at + i, at + i + len(word)})
			at += i + 1
		}
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return all
}

// replace masks the spans in s, which may go on behind its end.
func replace(s string, spans []span) string {
	if len(spans) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, f := range spans {
		if f.from >= len(s) {
			break
		}
		if f.from >= at {
			b.WriteString(s[at:f.from])
			b.WriteString(Masked)
		}
		at = max(at, f.to)
	}
	b.WriteString(s[min(at, len(s)):])
	return b.String()
}
