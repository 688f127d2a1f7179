package plugin

import (
	"strings"
	"testing"
)

func TestReadConfig(t *testing.T) {
	for _, c := range []struct {
		settings string // separated by spaces
		stdin    string
		want     string
	}{
		{"", "", `{}`},
		{"a=1", "", `{"a":1}`},
		{"a=12345678901234567890.10", "", `{"a":12345678901234567890.10}`},
		{"a=", "", `{"a":""}`},
		{"a=b=c", "", `{"a":"b=c"}`},
		{`a="1"`, "", `{"a":"1"}`},
		{`a=[1,"x",{}]`, "", `{"a":[1,"x",{}]}`},
		{`a=[1`, "", `{"a":"[1"}`},
		{`a=1|2`, "", `{"a":"1|2"}`},
		{`a={"b":1} a.c=2`, "", `{"a":{"b":1,"c":2}}`},
		{`a.b.c=1 a.b.d=2 a.e=null`, "", `{"a":{"b":{"c":1,"d":2},"e":null}}`},
		{`a=1 a.b=2`, "", `{"a":{"b":2}}`},
		{`a=1 a=2`, "", `{"a":2}`},
		{`a.b=3`, `{"a":{"b":1,"c":2},"z":1e3}`, `{"a":{"b":3,"c":2},"z":1e3}`},
	} {
		file := ""
		if c.stdin != "" {
			file = "-"
		}
		got, err := readConfig(file, strings.NewReader(c.stdin), strings.Fields(c.settings))
		if string(got) != c.want || err != nil {
			t.Errorf("%s over %q is %s, %v, want %s", c.settings, c.stdin, got, err, c.want)
		}
	}
}

func FuzzSet(f *testing.F) {
	for _, s := range []string{"a=1", "a.b={}", "=", ".", "a..b=x", "a=\xff", `a={"a":1}x`} {
		f.Add(s, "a=2")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		config, err := readConfig("", nil, []string{first, second})
		if err == nil {
			_, err = readConfig("-", strings.NewReader(string(config)), nil)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "--set ") {
			t.Error(err)
		}
	})
}

// What a shell would not take for one word is quoted.
func TestShellWord(t *testing.T) {
	for s, want := range map[string]string{
		"digest=unix:/tmp/a-1/socket": "digest=unix:/tmp/a-1/socket",
		"/tmp/a b":                    "'/tmp/a b'",
		"it's":                        `'it'\''s'`,
		"$HOME":                       "'$HOME'",
	} {
		if got := shellWord(s); got != want {
			t.Errorf("%s becomes %s, want %s", s, got, want)
		}
	}
}
