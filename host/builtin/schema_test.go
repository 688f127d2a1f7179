package builtin_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/host/schema"
)

// schemaOf is the schema that hosts and the plugin SDK derive of a kind.
func schemaOf(t *testing.T, kind string) json.RawMessage {
	t.Helper()
	for _, k := range builtin.Kinds() {
		if k.Name() != kind {
			continue
		}
		r := jsonschema.Reflector{DoNotReference: true, ExpandedStruct: true, Anonymous: true}
		raw, err := json.MarshalIndent(r.ReflectFromType(k.ConfigType()), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	t.Fatalf("no kind %q", kind)
	return nil
}

func TestSchemasAcceptWhatTheKindsAccept(t *testing.T) {
	for _, c := range []struct {
		kind, config string
		good         bool
	}{
		{"exec", `{"command":["ls","-l"]}`, true},
		{"exec", `{"command":["ls"],"dir":"/","env":{"A":"b"}}`, true},
		{"exec", `{}`, false},
		{"exec", `{"command":[]}`, false},
		{"exec", `{"command":"ls"}`, false},
		{"exec", `{"command":["ls"],"env":{"A":1}}`, false},
		{"exec", `{"command":["ls"],"cwd":"/"}`, false},
		{"probe", `{"url":"http://localhost:1/"}`, true},
		{"probe", `{"url":"https://localhost","interval":"500ms","timeout":"1m1.5s","count":0,"threshold":1}`, true},
		{"probe", `{"tcp":"localhost:1"}`, true},
		{"probe", `{"tcp":"[::1]:80","interval":"2h45m"}`, true},
		{"probe", `{}`, false},
		{"probe", `{"url":"http://localhost:1/","tcp":"localhost:1"}`, false},
		{"probe", `{"url":"localhost:1"}`, false},
		{"probe", `{"tcp":"localhost"}`, false},
		{"probe", `{"tcp":"localhost:1","interval":1}`, false},
		{"probe", `{"tcp":"localhost:1","interval":"1"}`, false},
		{"probe", `{"tcp":"localhost:1","timeout":"-1s"}`, false},
		{"probe", `{"tcp":"localhost:1","count":-1}`, false},
		{"probe", `{"tcp":"localhost:1","count":1.5}`, false},
	} {
		s, err := schema.Compile(schemaOf(t, c.kind))
		if err != nil {
			t.Fatal(err)
		}
		var value any
		d := json.NewDecoder(strings.NewReader(c.config))
		d.UseNumber()
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
		if problems := s.Check(value); (len(problems) == 0) != c.good {
			t.Errorf("%s %s: the schema finds %v", c.kind, c.config, problems)
		}
		if _, err := makeTask(t, c.kind, json.RawMessage(c.config)); (err == nil) != c.good {
			t.Errorf("%s %s: the kind says %v", c.kind, c.config, err)
		}
	}
}

func TestSchemaTellsAnEditorAboutADuration(t *testing.T) {
	var got struct {
		Properties struct {
			Interval struct {
				Type, Default, Description string
				Examples                   []string
			}
		}
	}
	if err := json.NewDecoder(bytes.NewReader(schemaOf(t, "probe"))).Decode(&got); err != nil {
		t.Fatal(err)
	}
	i := got.Properties.Interval
	if i.Type != "string" || i.Default != "1s" || i.Description == "" || len(i.Examples) == 0 {
		t.Errorf("interval is described as %+v", i)
	}
}

func TestDuration(t *testing.T) {
	for _, text := range []string{`"500ms"`, `"1m30s"`, `"1h0m0s"`} {
		var d builtin.Duration
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(d); string(again) != text || err != nil {
			t.Errorf("%s was encoded as %s, %v", text, again, err)
		}
	}
	for text, want := range map[string]string{
		`5`:       `5 is not a duration: write it as text with a unit, like "500ms"`,
		`"5"`:     `"5" is not a duration: write a number and a unit`,
		`"0s"`:    `the duration "0s" is not positive`,
		`"-1s"`:   `the duration "-1s" is not positive`,
		`["500"]`: `is not a duration`,
	} {
		var d builtin.Duration
		if err := json.Unmarshal([]byte(text), &d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
