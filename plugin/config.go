package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// readConfig makes the config of a task that runs by hand: what file has, or stdin
// for "-", and over it the settings KEY=VALUE, of which a later one wins.
func readConfig(file string, stdin io.Reader, settings []string) (json.RawMessage, error) {
	config := map[string]any{}
	if file != "" {
		var err error
		if config, err = readObject(file, stdin); err != nil {
			return nil, fmt.Errorf("--config %s: %w", file, err)
		}
	}
	for _, setting := range settings {
		if err := set(config, setting); err != nil {
			return nil, fmt.Errorf("--set %q: %w", setting, err)
		}
	}
	return json.Marshal(config)
}

func readObject(file string, stdin io.Reader) (map[string]any, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		stdin = f
	}
	raw, err := io.ReadAll(stdin)
	if err != nil {
		return nil, err
	}
	value, err := decodeJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("it is not a JSON object")
	}
	return object, nil
}

// set gives one field its value. Dots in the key lead into nested objects, and a
// value that is not JSON is text.
func set(config map[string]any, setting string) error {
	key, text, ok := strings.Cut(setting, "=")
	steps := strings.Split(key, ".")
	switch {
	case !ok:
		return errors.New("expected KEY=VALUE")
	case slices.Contains(steps, ""):
		return errors.New("the key has an empty part: expected a name, or names joined by dots")
	}
	value, err := decodeJSON([]byte(text))
	if err != nil {
		value = text
	}
	last := len(steps) - 1
	for _, step := range steps[:last] {
		inner, ok := config[step].(map[string]any)
		if !ok {
			inner = map[string]any{}
			config[step] = inner
		}
		config = inner
	}
	config[steps[last]] = value
	return nil
}

// decodeJSON reads one value, with its numbers digit for digit.
func decodeJSON(raw []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is text after its JSON value")
	}
	return value, nil
}

// missingFields are the fields that a schema requires at its top and the config lacks:
// the mistake that a type does not notice.
func missingFields(schema, config json.RawMessage) []string {
	var s struct {
		Required []string `json:"required"`
	}
	var has map[string]json.RawMessage
	if json.Unmarshal(schema, &s) != nil || json.Unmarshal(config, &has) != nil {
		return nil
	}
	return slices.DeleteFunc(s.Required, func(name string) bool { return has[name] != nil })
}
