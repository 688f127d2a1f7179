package redact_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hostelry-run/hostelry/host/internal/redact"
	"github.com/hostelry-run/hostelry/shared/task"
)

func Example() {
	m := redact.New([]string{"hunter2"})
	fmt.Println(m.Text("login as ada with hunter2"))
	fmt.Println(string(m.JSON([]byte(`{"url": "https://ada:hunter2@example.com", "n": 1.50}`))))
	// Output:
	// login as ada with ***
	// {"url": "https://ada:***@example.com", "n": 1.50}
}

func TestText(t *testing.T) {
	const key = "-----BEGIN KEY-----\nMIIEvQIBADAN\n}\n-----END KEY-----\n"
	for name, c := range map[string]struct {
		secrets    []string
		text, want string
	}{
		"none":                  {nil, "a hunter2", "a hunter2"},
		"too short":             {[]string{"abc", "", "  x  "}, "abc x", "abc x"},
		"four characters":       {[]string{"ab€d"}, "xab€dx", "x***x"},
		"not there":             {[]string{"hunter2"}, "hunter", "hunter"},
		"twice":                 {[]string{"hunter2"}, "hunter2hunter2", "******"},
		"the longer one":        {[]string{"hunt", "hunter2"}, "hunter2 hunt", "*** ***"},
		"two that overlap":      {[]string{"abcdef", "efghij"}, "-abcdefghij-", "-***-"},
		"one that overlaps":     {[]string{"abab"}, "-ababab-", "-***-"},
		"white space around it": {[]string{" hunter2\n"}, "-hunter2-", "-***-"},
		"a line of it":          {[]string{key}, "at MIIEvQIBADAN: }", "at ***: }"},
		"all lines of it":       {[]string{key}, key, "***\n"},
		"quoted":                {[]string{`pass"word\` + "\x01é"}, fmt.Sprintf("%q", `pass"word\`+"\x01é"), `"***"`},
		"quoted as ASCII":       {[]string{`passwört`}, fmt.Sprintf("%+q", `passwört`), `"***"`},
		"in JSON":               {[]string{`pass<"word`}, `{"a":"pass<\"word","b":"pass\u003c\"word"}`, `{"a":"***","b":"***"}`},
		"in a query":            {[]string{"pass word&"}, "?token=pass+word%26&x", "?token=***&x"},
		"in a path":             {[]string{"pass word/"}, "/pass%20word%2F/x", "/***/x"},
		"in no valid UTF-8":     {[]string{"hunter2"}, "\xffhunter2\xff", "\xff***\xff"},
	} {
		if got := redact.New(c.secrets).Text(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestJSON(t *testing.T) {
	m := redact.New([]string{"hunter2", "12345", `a"b\c`})
	for raw, want := range map[string]string{
		``:                                  ``,
		`"hunter2"`:                         `"***"`,
		`{"hunter2": 12345, "a": 1.50}`:     `{"***": 12345, "a": 1.50}`,
		`{ "a": ["x\"hunter2\"", "12345"]}`: `{ "a": ["x\"***\"", "***"]}`,
		`"\u0068unter2"`:                    `"***"`,
		`"a\"b\\c"`:                         `"***"`,
		`{"a":"\\","b":"x"}`:                `{"a":"\\","b":"x"}`,
		`["\ud800"]`:                        `["\ud800"]`,
	} {
		if got := string(m.JSON([]byte(raw))); got != want {
			t.Errorf("JSON(%s) = %s, want %s", raw, got, want)
		}
	}
	if none := redact.New(nil); string(none.JSON([]byte(`"hunter2"`))) != `"hunter2"` {
		t.Error("a mask without secrets masks")
	}
}

// TestErrorStaysWhatItIs, but for its text and that of a panic.
func TestErrorStaysWhatItIs(t *testing.T) {
	m := redact.New([]string{"hunter2"})
	p := &task.PanicError{Value: "hunter2!", Stack: "at hunter2", Err: fs.ErrExist}
	err := fmt.Errorf("with hunter2: %w", errors.Join(task.Permanent(task.ErrBadConfig), &fs.PathError{Op: "open", Err: fs.ErrNotExist}, p))
	masked := m.Error(err, err.Error())
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(format, masked); strings.Contains(text, "hunter2") || format == "%v" && !strings.HasPrefix(text, "with ***: bad config") {
			t.Errorf("it says %s", text)
		}
	}
	for _, target := range []error{task.ErrBadConfig, fs.ErrNotExist, fs.ErrExist, err} {
		if !errors.Is(masked, target) {
			t.Errorf("it is no %v", target)
		}
	}
	if errors.Is(masked, task.ErrStopped) || !task.IsPermanent(masked) {
		t.Error("it is what it was not, or not permanent")
	}
	if path, ok := errors.AsType[*fs.PathError](masked); !ok || path.Op != "open" {
		t.Errorf("its path is %v", path)
	}
	if got, ok := errors.AsType[*task.PanicError](masked); !ok || got.Value != "***!" || got.Stack != "at ***" || got.Err.Error() != "***!" {
		t.Errorf("its panic is %+v", got)
	}
	if p.Value != "hunter2!" {
		t.Error("the task's own panic was changed")
	}
	if m.Error(nil, "") != nil || m.Panic(nil) != nil || redact.New(nil).Error(err, "") != err {
		t.Error("nothing to mask becomes something")
	}
}

// secret is what may be one: with letters that repeat, and that are escaped.
var secret = rapid.StringOfN(rapid.SampledFrom([]rune("ab\"\\\n <é")), 4, 12, -1)

// TestNoSecretIsLeft, whatever the secrets and the text around them. A secret of
// the runes above can only be put together from an original one: none has a star.
func TestNoSecretIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secrets := rapid.SliceOfN(secret, 1, 3).Draw(t, "secrets")
		m := redact.New(secrets)
		text := strings.Join(rapid.SliceOfN(rapid.OneOf(secret, rapid.SampledFrom(secrets)), 0, 5).Draw(t, "text"), "")
		check := func(how, got string) {
			for _, s := range secrets {
				if s = strings.TrimSpace(s); len([]rune(s)) >= redact.Shortest && strings.Contains(got, s) {
					t.Fatalf("%s: %q is in %q", how, s, got)
				}
			}
		}
		check("text", m.Text(text))
		var cut string
		rest := []byte{}
		for piece := []byte(text); len(piece) > 0; {
			n := rapid.IntRange(1, len(piece)).Draw(t, "piece")
			var head []byte
			head, rest = m.Cut(append(rest, piece[:n]...))
			rest = append([]byte(nil), rest...)
			cut += string(head)
			piece = piece[n:]
		}
		check("in pieces", cut+m.Text(string(rest)))
	})
}
