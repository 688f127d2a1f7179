package terminal

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Is reports whether w is a terminal that lines can be redrawn on.
func Is(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// HasColours reports whether w is a terminal and its user has not asked for text
// without colours by a NO_COLOR in the environment, https://no-color.org.
func HasColours(w io.Writer) bool { return os.Getenv("NO_COLOR") == "" && Is(w) }

// Size is the terminal's size now, in columns and rows; 80 by 24 if w is none.
func Size(w io.Writer) (columns, rows int) {
	if f, ok := w.(*os.File); ok {
		if columns, rows, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
	}
	return 80, 24
}
