package readiness_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host/internal/readiness"
)

func TestValidChecks(t *testing.T) {
	for want, check := range map[string]readiness.Check{
		"task.Ready":                      {},
		`log line matching "up \"\\d+\""`: {Log: regexp.MustCompile(`up "\d+"`)},
		`log line matching ""`:            {Log: regexp.MustCompile("")},
		"tcp 127.0.0.1:1":                 {TCP: "127.0.0.1:1"},
		"tcp [::1]:65535":                 {TCP: "[::1]:65535"},
		"tcp localhost:80":                {TCP: "localhost:80"},
		"http http://localhost":           {HTTP: "http://localhost"},
		"http https://[::1]:8443/a?b=c":   {HTTP: "https://[::1]:8443/a?b=c"},
		"http http://me:xxxxx@h/":         {HTTP: "http://me:secret@h/"},
		"exec pg_isready -q":              {Exec: []string{"pg_isready", "-q"}},
		`exec "my prog" "" "a\nb" it's`:   {Exec: []string{"my prog", "", "a\nb", "it's"}},
	} {
		if err := check.Validate(); err != nil {
			t.Errorf("%v: %v", check, err)
		}
		if got := check.String(); got != want {
			t.Errorf("String is %s, want %s", got, want)
		}
	}
}

func TestInvalidChecks(t *testing.T) {
	all := readiness.Check{
		Log: regexp.MustCompile("up"), TCP: "h:1", HTTP: "http://h", Exec: []string{"true"},
	}
	for _, c := range []struct {
		check readiness.Check
		want  []string // parts of the error
	}{
		{all, []string{"log and tcp and http and exec are set together", "give one of"}},
		{readiness.Check{TCP: "h", Exec: []string{}}, []string{"tcp and exec are set together"}},
		{readiness.Check{TCP: "localhost"}, []string{`tcp "localhost" is not host:port`, "127.0.0.1:5432"}},
		{readiness.Check{TCP: ":80"}, []string{`tcp ":80" is not host:port`}},
		{readiness.Check{TCP: "::1:80"}, []string{"is not host:port", "[::1]:5432"}},
		{readiness.Check{TCP: "http://h:80"}, []string{"is not host:port"}},
		{readiness.Check{TCP: "h:"}, []string{`port ""`, "1 to 65535"}},
		{readiness.Check{TCP: "h:0"}, []string{`port "0"`}},
		{readiness.Check{TCP: "h:65536"}, []string{`port "65536"`}},
		{readiness.Check{TCP: "h:+80"}, []string{`port "+80"`}},
		{readiness.Check{TCP: "h:http"}, []string{`port "http"`}},
		{readiness.Check{HTTP: "h:80"}, []string{`http "h:80" is not a`, "http://127.0.0.1:8080/health"}},
		{readiness.Check{HTTP: "/health"}, []string{`http "/health" is not a full`}},
		{readiness.Check{HTTP: "ftp://h/"}, []string{"is not a full http or https URL"}},
		{readiness.Check{HTTP: "http:///health"}, []string{"is not a full"}},
		{readiness.Check{HTTP: "http://:80/"}, []string{"is not a full"}},
		{readiness.Check{HTTP: "http://me:secret@/"}, []string{"xxxxx"}},
		{readiness.Check{HTTP: "http://h:0/"}, []string{`port "0"`}},
		{readiness.Check{HTTP: "http://h:99999/"}, []string{`port "99999"`}},
		{readiness.Check{HTTP: "http://h/%zz"}, []string{`"http://h/%zz" is not a URL (invalid URL escape`}},
		{readiness.Check{Exec: []string{}}, []string{"exec names no program", "list"}},
		{readiness.Check{Exec: []string{"", "-q"}}, []string{"exec names no program"}},
	} {
		err := c.check.Validate()
		if err == nil {
			t.Errorf("%v is valid", c.check)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error is %q, want %q in it", err, want)
			}
		}
	}
}
