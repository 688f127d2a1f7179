package terminal_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	fmt.Println(terminal.Clean("a plugin says \x1b[2J\x07 and\r\n\tmore"))
	fmt.Println(terminal.Fit("a long text", 7) + "|")
	// Output:
	// a plugin says \x1b[2J\x07 and\r\n more
	// a long…|
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"plain é 漢 👍":   "plain é 漢 👍",
		"\u009b31m":     `\x9b31m`,
		"\u202eabc":     `\u202eabc`,
		"a\x00\x7fb":    `a\x00\x7fb`,
		"\xff\xc3(\xe2": `\xff\xc3(\xe2`,
		"\uFFFD":        `\ufffd`,
		"a\u2028b":      `a\u2028b`,
	} {
		if got := terminal.Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "漢字": 4, "👍": 2, "…": 1} {
		if got := terminal.Width(text); got != want {
			t.Errorf("Width(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		text    string
		columns int
		want    string
	}{
		{"abc", 5, "abc  "}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"abc", 1, "…"}, {"abc", 0, ""}, {"abc", -1, ""},
		{"漢字漢字", 5, "漢字…"}, {"漢字漢字", 4, "漢… "},
	}
	for _, tt := range tests {
		if got := terminal.Fit(tt.text, tt.columns); got != tt.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", tt.text, tt.columns, got, tt.want)
		}
	}
}

func TestTable(t *testing.T) {
	got := strings.Join(terminal.Table([][]string{{"NAME", "N", "TEXT"}, {"漢字", "1", "x"}, {"a", "22", ""}}), "\n")
	want := "NAME  N   TEXT\n漢字  1   x\na     22"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNoTerminal(t *testing.T) {
	var b bytes.Buffer
	columns, rows := terminal.Size(&b)
	if terminal.Is(&b) || terminal.HasColours(&b) || columns != 80 || rows != 24 {
		t.Errorf("a buffer is taken for a terminal of %d by %d", columns, rows)
	}
}

// FuzzClean: whatever comes in, what goes out is one line of harmless UTF-8, and
// cutting it keeps within the columns.
func FuzzClean(f *testing.F) {
	f.Add("a\x1b[2J", 3)
	f.Add("漢\xff\u202e", 2)
	f.Fuzz(func(t *testing.T, text string, columns int) {
		clean := terminal.Clean(text)
		if !utf8.ValidString(clean) || strings.ContainsFunc(clean, unicode.IsControl) {
			t.Errorf("Clean(%q) = %q", text, clean)
		}
		if cut := terminal.Cut(clean, columns); terminal.Width(cut) > max(columns, 0) {
			t.Errorf("Cut(%q, %d) = %q", clean, columns, cut)
		}
	})
}
