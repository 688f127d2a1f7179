//go:build unix

package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/host/catalog"
)

// TestAForeignSchema: what a plugin's schema says of defaults and secrets holds as
// that of a Go type does.
func TestAForeignSchema(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.says("foreign", `{"name":"foreign","version":"1.2.3","kinds":[{"name":"a","config_schema":{
		"$ref": "#/$defs/Config",
		"$defs": {
			"Config": {
				"type": "object",
				"properties": {
					"user": {"type": "string"},
					"port": {"type": "integer", "minimum": 1, "default": 9007199254740993},
					"when": {"type": ["string", "null"], "default": null},
					"token": {"$ref": "#/$defs/Secret"},
					"keys": {"type": "array", "items": {"$ref": "#/$defs/Secret"}, "default": []},
					"x-unknown": {"default": {"deep": true}, "x-unknown": [1]}
				},
				"required": ["user"]
			},
			"Secret": {"type": "string", "minLength": 4, "secret": true}
		}
	}}]}`)
	k, err := d.load().Lookup("a")
	if err != nil {
		t.Fatal(err)
	}
	config := []byte(`{"user":"ada","token":"hunter2","keys":["4711","0815"]}`)
	got, err := k.Complete(config)
	want := `{"keys":["4711","0815"],"port":9007199254740993,"token":"hunter2","user":"ada","when":null,"x-unknown":{"deep":true}}`
	if err != nil || string(got) != want {
		t.Errorf("Complete = %s, %v", got, err)
	}
	if again, err := k.Complete(got); err != nil || string(again) != string(got) {
		t.Errorf("and again: %s, %v", again, err)
	}
	secrets := k.Secrets(config)
	slices.Sort(secrets)
	if diff := cmp.Diff([]string{"0815", "4711", "hunter2"}, secrets); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	if paths := k.SecretPaths([]byte(`{"token":{"env":"TOKEN"}}`)); len(paths) != 1 || strings.Join(paths[0], ".") != "token" {
		t.Errorf("the paths of the secrets are %v", paths)
	}
	_, err = k.Complete([]byte(`{"token":"abc","keys":[12345]}`))
	text := `config of kind "a": missing required field "user"; item 1 of "keys" is ***: expected a string; "token" is ***: expected at least 4 characters`
	if _, ok := errors.AsType[*catalog.ConfigError](err); !ok || err.Error() != text {
		t.Errorf("%v, want %s", err, text)
	}
}

// TestDefaultsThatExcludeEachOther: they are what is wrong, and the task is not run.
func TestDefaultsThatExcludeEachOther(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.says("rude", `{"name":"rude","version":"1.2.3","kinds":[{"name":"a","config_schema":{
		"properties": {"a": {"default": 1}, "b": {}, "l": {"items": {"properties": {"a": {"$ref": "#/properties/l/items", "default": {}}}}}},
		"not": {"required": ["a", "b"]}
	}}]}`)
	k, err := d.load().Lookup("a")
	if err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]string{
		`{"b":1}`:        "with the defaults of the kind's schema, the value is an object: that is not allowed",
		`{"l":[{}]}`:     "the defaults of its schema have no end",
		`{"a":1,"b":1}`:  "config of kind \"a\": the value is an object: that is not allowed",
		`{"a":1,"l":[]}`: "",
	} {
		got, err := k.Complete([]byte(config))
		_, ok := errors.AsType[*catalog.ConfigError](err)
		if ok != (want != "") || ok && (got != nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Complete(%s) = %s, %v, want %q", config, got, err, want)
		}
	}
}
