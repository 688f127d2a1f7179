package docs

import (
	"regexp"
	"strings"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
)

// opening is what begins a list or a rule where it begins a line.
var opening = regexp.MustCompile(`^(\d*)([-+=.)])`)

// prose is a plugin's text as one line of Markdown that says it literally: no markup,
// no HTML, no cell of a table can come of it. A bar is written as an entity: to a
// table, a backslash before it may belong to another one.
func prose(text string) string {
	marks := strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;",
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "#", `\#`, "~", `\~`, "$", `\$`,
	)
	text = terminal.Clean(strings.Join(strings.Fields(text), " "))
	return opening.ReplaceAllString(marks.Replace(text), `$1\$2`)
}

// code is a plugin's text as a span of code, or as prose where it could end the span.
func code(text string) string {
	cleaned := terminal.Clean(text)
	if cleaned == "" || cleaned != text || strings.TrimSpace(text) != text || strings.ContainsAny(text, "`|\\<&") {
		return prose(text)
	}
	return "`" + text + "`"
}
