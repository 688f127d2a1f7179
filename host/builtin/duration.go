package builtin

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/invopop/jsonschema"
)

// Duration is a positive length of time, written in JSON as Go writes it, such
// as "500ms" or "1m30s". The zero Duration in a config stands for the default.
type Duration time.Duration

// String is the duration as Go writes it.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON encodes d as text that UnmarshalJSON reads back.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads text such as "500ms". It refuses a number, which would not
// say its unit, and what is not positive.
func (d *Duration) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("%s is not a duration: write it as text with a unit, like \"500ms\" or \"1m30s\"", data)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is not a duration: write a number and a unit, like \"500ms\" or \"1m30s\"", text)
	}
	if parsed <= 0 {
		return fmt.Errorf("the duration %q is not positive", text)
	}
	*d = Duration(parsed)
	return nil
}

// JSONSchema says the same to whoever derives a schema from the type. The
// pattern cannot refuse "0s": UnmarshalJSON does.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Title:       "a duration of more than 0",
		Type:        "string",
		Pattern:     `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`,
		Description: "a positive duration with its unit, like 500ms or 1m30s",
		Examples:    []any{"500ms", "2s", "1m30s"},
	}
}
