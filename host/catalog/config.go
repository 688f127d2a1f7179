package catalog

import (
	"encoding/json"
	"errors"
	"iter"

	"github.com/hostelry-run/hostelry/host/schema"
)

// Validate checks a config, a JSON object, against the kind's schema. It fails
// with a [*ConfigError] that has every problem. [Kind.Complete] does more.
func (k *Kind) Validate(config json.RawMessage) error {
	value, err := decode(config)
	if err != nil {
		return k.badConfig(err.Error())
	}
	if problems := k.compiled.Check(value); len(problems) > 0 {
		return &ConfigError{Kind: k.Name, Problems: problems}
	}
	return nil
}

// Complete is Validate, and then returns the config with the defaults of the kind's
// schema in the place of fields that it leaves out, as the task shall see it in
// every mode: see Fill of shared/schema for which they are. Hosts call it before a
// launch. A schema whose defaults make a config that it refuses itself is a
// [*ConfigError] too.
func (k *Kind) Complete(config json.RawMessage) (json.RawMessage, error) {
	if err := k.Validate(config); err != nil {
		return nil, err
	}
	completed, err := k.compiled.Notes().Fill(config)
	if err != nil {
		return nil, k.badConfig(err.Error())
	}
	if string(completed) == string(config) {
		return config, nil
	}
	if bad, ok := errors.AsType[*ConfigError](k.Validate(completed)); ok {
		for i := range bad.Problems {
			bad.Problems[i].Message = "with the defaults of the kind's schema, " + bad.Problems[i].Message
		}
		return nil, bad
	}
	return completed, nil
}

// Secrets returns what stands in a config where the kind's schema says "secret":
// the texts that a host keeps from logs, errors and results, in no order. It is nil
// for a kind without secrets. The config fits the schema.
func (k *Kind) Secrets(config json.RawMessage) []string {
	if !k.compiled.Notes().HasSecrets() {
		return nil
	}
	var all []string
	for _, value := range k.secretsIn(config) {
		if text, ok := value.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// SecretPaths returns where in a config the kind's schema says "secret": keys, and
// indexes from 0. The config need not fit the schema.
func (k *Kind) SecretPaths(config json.RawMessage) [][]string {
	var all [][]string
	for path := range k.secretsIn(config) {
		all = append(all, path)
	}
	return all
}

func (k *Kind) secretsIn(config json.RawMessage) iter.Seq2[[]string, any] {
	value, _ := decode(config) // nothing is secret in what is not JSON
	return k.compiled.Notes().Secrets(value)
}

func (k *Kind) badConfig(message string) error {
	return &ConfigError{Kind: k.Name, Problems: []schema.Problem{{Message: message}}}
}
