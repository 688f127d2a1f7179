package jobfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/fields"
)

// Config makes a config of KEY=VALUE settings, as --set gives them. Dots in a key
// lead into nested objects, a value is read as YAML, and a later setting of the
// same key wins. The error names each setting that is no such thing.
func Config(settings []string) (json.RawMessage, error) {
	config, err := settingsOf(settings)
	if err != nil {
		return nil, err
	}
	return config.json(), nil
}

func settingsOf(settings []string) (*node, error) {
	config := &node{form: object}
	var bad []string
	for _, setting := range settings {
		if err := set(config, setting); err != nil {
			key, _, _ := strings.Cut(setting, "=") // its value may be a secret
			bad = append(bad, fmt.Sprintf("--set %q: %v", key, err))
		}
	}
	if bad != nil {
		return nil, errors.New(strings.Join(bad, "\n"))
	}
	return config, nil
}

func set(config *node, setting string) error {
	key, text, ok := strings.Cut(setting, "=")
	if !ok {
		return errors.New("expected KEY=VALUE")
	}
	steps := strings.Split(key, ".")
	if len(steps) > maxDepth {
		return fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	if slices.Contains(steps, "") {
		return errors.New("the key has an empty part: expected a name, or names joined by dots")
	}
	if text == fields.Placeholder(key) {
		return fmt.Errorf("%s stands for a value of your own: write that in its place", text)
	}
	value, problems := parse([]byte(text))
	if problems != nil {
		return fmt.Errorf("the value is not YAML: %s", problems[0].Message)
	}
	if value == nil {
		value = &node{}
	}
	for _, step := range steps[:len(steps)-1] {
		inner := config.get(step)
		if inner == nil || inner.form != object {
			inner = &node{form: object}
			config.replace(step, inner)
		}
		config = inner
	}
	config.replace(steps[len(steps)-1], value)
	return nil
}

// replace sets a field, new or not.
func (n *node) replace(key string, value *node) {
	if f := n.field(key); f != nil {
		f.value = value
		return
	}
	n.put(field{key: key, value: value})
}
