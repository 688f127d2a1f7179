package catalog

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// A lock file is refused, or every entry of it can be compared with a plugin; and
// to write it anew keeps what is another platform's.
func FuzzLock(f *testing.F) {
	sum := strings.Repeat("0f", 32)
	f.Add([]byte(`{"plugins":[{"name":"one","version":"1.0.0","platform":"plan9/386","sha256":"` + sum + `"}]}`))
	f.Add([]byte(`{"plugins":[{"name":"one","platform":"` + platform + `","sha256":"` + strings.ToUpper(sum) + `"}]}`))
	f.Add([]byte(`{"Plugins":[]}`))
	f.Add([]byte(`{"plugins":[{"name":"one"}],"plugins":[]}`))
	f.Add([]byte(`{}`))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := parseLock(raw)
		if err != nil {
			l = &lock{}
		}
		others, locked := 0, make(map[string]bool)
		for _, e := range l.Plugins {
			if e.Platform != platform {
				others++
				continue
			}
			locked[e.Name] = true
			other := &Plugin{Name: e.Name, Version: e.Version + "x", SHA256: strings.Repeat("00", 32)}
			if l.check(other, false) == nil && strings.Trim(e.SHA256, "0") != "" || l.checkVersion(other) == nil {
				t.Errorf("%v allows another plugin", e)
			}
		}
		if !locked["two"] && l.check(&Plugin{Name: "two", SHA256: sum}, true) == nil {
			t.Error("a plugin that is not locked is allowed")
		}
		one := Plugin{Name: "one", Version: "2.0.0", SHA256: sum}
		raw, err = json.Marshal(l.renew([]Plugin{one}))
		if err != nil {
			t.Fatal(err)
		}
		if l, err = parseLock(raw); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(l.check(&one, true), l.checkVersion(&one)); err != nil || len(l.Plugins) != others+1 {
			t.Errorf("written anew: %v, %d entries, want %d", err, len(l.Plugins), others+1)
		}
	})
}

// What a plugin says of itself is refused, or is a list of kinds that can be used;
// and the store gives it back as it was.
func FuzzDescription(f *testing.F) {
	f.Add([]byte(`{"name":"x","version":"1.0.0","kinds":[{"name":"a","config_schema":{"type":"object"}}]}`))
	f.Add([]byte(`{"kinds":[{"name":"a"},{"name":"b","config_schema":{"properties":{"n":{"$ref":"#/$defs/n"}},"$defs":{"n":{"minimum":1}}}}]}`))
	f.Add([]byte(`{"kinds":[{"name":"a","config_schema":true}]}`))
	f.Add([]byte(`{"kinds":[{"name":"a","config_schema":{"$ref":"http://127.0.0.1:1/"}}]}`))
	f.Add([]byte(`null`))
	s := &store{f.TempDir()}
	if err := os.Mkdir(filepath.Join(s.dir, "sum"), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var d wire.Description
		if json.Unmarshal(raw, &d) != nil {
			return
		}
		kinds, err := pluginKinds(&Plugin{Name: "fuzzed"}, "copy", d)
		if (err == nil) == (len(kinds) == 0) {
			t.Fatalf("%d kinds and the error %v", len(kinds), err)
		}
		seen := make(map[string]bool)
		for _, k := range kinds {
			if task.ValidateName(k.Name) != nil || seen[k.Name] || k.IsBuiltIn() || !json.Valid(k.Schema) {
				t.Errorf("kind %+v", k)
			}
			seen[k.Name] = true
			_ = k.Validate(raw)
			_ = k.Validate([]byte(`{"n": 0}`))
		}
		s.keep("sum", d)
		if again, known := s.describe("sum"); err == nil && !known {
			t.Error("the store does not know it")
		} else if _, errAgain := pluginKinds(&Plugin{Name: "fuzzed"}, "copy", again); known && (err == nil) != (errAgain == nil) {
			t.Errorf("error %v, and from the store %v: %+v, %+v", err, errAgain, d, again)
		} else if known && !reflect.DeepEqual(names(d), names(again)) {
			t.Errorf("the store gives %v for %v", again, d)
		}
	})
}

func names(d wire.Description) []string {
	var all []string
	for _, k := range d.Kinds {
		all = append(all, k.Name+" "+k.Description)
	}
	return all
}
