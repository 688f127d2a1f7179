// Package shell writes words of command lines that are printed to be copied.
package shell

import (
	"regexp"
	"strings"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
)

// plain is a word that no shell takes for anything else.
var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$`)

// Quote is text as one word of a POSIX shell. Control characters, which have no place on
// a printed line, are written as escapes and so are no longer the text's own.
func Quote(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(terminal.Clean(text), "'", `'\''`) + "'"
}

// Set is the flag that gives a field of a config its value, after a space.
func Set(key, value string) string { return " --set " + Quote(key+"="+value) }
