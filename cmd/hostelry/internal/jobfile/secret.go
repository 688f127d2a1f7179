package jobfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/host/schema"
)

// maxSecret bounds the file of a secret, in bytes.
const maxSecret = 64 << 10

// fetchSecrets puts in the place of {env: NAME} and {file: PATH} what they name,
// where the kind's schema says that a config has a secret. A path is relative to
// dir. n is a config, and an object; what cannot be fetched is a problem.
func fetchSecrets(n *node, kind catalog.Kind, dir string, problems *Problems) {
	for _, path := range kind.SecretPaths(n.json()) {
		secret, _ := n.find(n.at, path, false)
		if secret.form != object || len(secret.fields) != 1 {
			continue // it is the secret itself, or the schema's to refuse
		}
		source := secret.fields[0]
		fetch, known := map[string]func(string) (string, error){
			"env":  fromEnv,
			"file": func(path string) (string, error) { return fromFile(dir, path) },
		}[source.key]
		if !known {
			continue
		}
		text, err := fetch(source.value.text())
		if err != nil {
			problems.add(source.value.at, "%s", err)
		}
		*secret = node{at: secret.at, scalar: text, refused: err != nil}
	}
}

func fromEnv(name string) (string, error) {
	if name == "" {
		return "", errors.New(`"env" names an environment variable that holds the secret`)
	}
	text, isSet := os.LookupEnv(name)
	if !isSet {
		return "", fmt.Errorf("the environment variable %q is not set: it is to hold the secret", name)
	}
	return text, nil
}

// fromFile reads a secret without the newline at its end.
func fromFile(dir, path string) (string, error) {
	if path == "" {
		return "", errors.New(`"file" names a file that holds the secret`)
	}
	full := path
	if !filepath.IsAbs(path) {
		full = filepath.Join(dir, path)
	}
	f, err := os.Open(full)
	if err != nil {
		if pathError, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathError.Err
		}
		return "", fmt.Errorf("cannot read the secret in %s: %w", path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("cannot read the secret in %s: %w", path, errors.Unwrap(err))
	case len(text) > maxSecret:
		return "", fmt.Errorf("%s is larger than %d KiB: is it a secret?", path, maxSecret>>10)
	case !utf8.Valid(text):
		return "", fmt.Errorf("the secret in %s is not valid UTF-8", path)
	}
	return string(bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))), nil
}

// ConfigFor is [Config] for a kind: where its schema says that there is a secret,
// {env: NAME} and {file: PATH} name where it stands.
func ConfigFor(kind catalog.Kind, settings []string) (json.RawMessage, error) {
	config, err := settingsOf(settings)
	if err != nil {
		return nil, err
	}
	var problems Problems
	fetchSecrets(config, kind, "", &problems)
	if len(problems) > 0 {
		var bad []string
		for _, p := range problems {
			bad = append(bad, "--set: "+p.Message)
		}
		return nil, errors.New(strings.Join(bad, "\n"))
	}
	return config.json(), nil
}

// TellSources adds to problems with a config that something in it names where a secret
// stands, which is done only where the kind's schema says that there is one.
func TellSources(config json.RawMessage, problems []schema.Problem) []schema.Problem {
	var whole any
	_ = json.Unmarshal(config, &whole) // a config is JSON
	told := slices.Clone(problems)
	for i, p := range told {
		if source := sourceAt(whole, p.Path); source != "" && !p.Key {
			told[i].Message += fmt.Sprintf("; {%s: ...} names where a secret stands, and the kind marks no secret here: give the value itself", source)
		}
	}
	return told
}

// sourceAt is "env" or "file" if that is the one field of the object at a path.
func sourceAt(v any, path []string) string {
	for _, step := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			at, err := strconv.Atoi(step)
			if err != nil || at < 0 || at >= len(x) {
				return ""
			}
			v = x[at]
		}
	}
	object, _ := v.(map[string]any)
	for _, source := range []string{"env", "file"} {
		if _, isText := object[source].(string); isText && len(object) == 1 {
			return source
		}
	}
	return ""
}
