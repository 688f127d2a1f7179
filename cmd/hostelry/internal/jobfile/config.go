package jobfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ReadConfig makes a config of a file, YAML or JSON, and then of settings, as
// [Config] reads them. A file of "" is none. The errors of the file are
// Problems.
func ReadConfig(file string, settings []string) (json.RawMessage, error) {
	config := &node{form: object}
	if file != "" {
		root, err := readNode(file)
		if err != nil {
			return nil, err
		}
		config = root
	}
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
	return config.json(), nil
}

// readNode reads a file that holds an object.
func readNode(file string) (*node, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		if pathError, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathError.Err
		}
		return nil, Problems{{File: file, Message: fmt.Sprintf("cannot read the config: %v", err)}}
	}
	root, problems := parse(text)
	if problems == nil && (root == nil || root.form != object) {
		problems.add(Position{1, 1}, "a config is an object: expected key: value")
	}
	return root, problems.sorted(file).Err()
}
