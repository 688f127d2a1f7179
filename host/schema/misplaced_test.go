package schema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host/schema"
)

// TestMisplacedSecrets: what stands where a list or an object of secrets should is
// not shown, and what stands elsewhere is.
func TestMisplacedSecrets(t *testing.T) {
	secret := `{"type":"string","secret":true}`
	s, err := schema.Compile(json.RawMessage(`{"type":"object","properties":{
		"list":{"type":"array","items":` + secret + `},
		"map":{"type":"object","additionalProperties":` + secret + `},
		"login":{"type":"object","properties":{"password":` + secret + `}},
		"open":{"type":"array","items":{"type":"string"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		value any
		shown bool
	}{
		{map[string]any{"list": "sesame"}, false},
		{map[string]any{"list": map[string]any{"a": "sesame"}}, false},
		{map[string]any{"list": []any{[]any{"sesame"}}}, false},
		{map[string]any{"map": "sesame"}, false},
		{map[string]any{"map": []any{"sesame"}}, false},
		{map[string]any{"login": "sesame"}, false},
		{map[string]any{"open": "sesame"}, true},
	} {
		problems := s.Check(c.value)
		if len(problems) == 0 {
			t.Errorf("%v fits", c.value)
		}
		for _, p := range problems {
			if strings.Contains(p.String(), "sesame") != c.shown {
				t.Errorf("of %v it says: %s", c.value, p)
			}
		}
	}
}
