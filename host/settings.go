package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/host/internal/redact"
)

// settings are a kind and a config that was checked and completed. They are final:
// tasks that have the same may share them.
type settings struct {
	kind   *catalog.Kind
	given  json.RawMessage // the config as it was added
	config json.RawMessage // with its schema's defaults
	mask   *redact.Mask    // of the secrets in it; nil for none
}

// settle checks a config, and completes it.
func settle(k *catalog.Kind, given json.RawMessage) (*settings, error) {
	config, err := k.Complete(given)
	if err != nil {
		return nil, err
	}
	return &settings{k, given, config, redact.New(k.Secrets(config))}, nil
}

// settled remembers, for each kind, the settings that were found to be right last: most
// often the next task's are the same. To check {} takes ten times as long as all else
// that it takes to add a task.
type settled struct {
	last sync.Map        // *settings by *catalog.Kind
	none json.RawMessage // what no config is
}

// maxKept is how large a config may be that is kept for the next task. One with
// secrets is not kept.
const maxKept = 1024

func (s *settled) settle(k *catalog.Kind, given json.RawMessage) (*settings, error) {
	if last, found := s.last.Load(k); found {
		if same, _ := last.(*settings); bytes.Equal(same.given, given) {
			return same, nil
		}
	}
	fresh, err := settle(k, given)
	if err == nil && fresh.mask == nil && len(given) <= maxKept {
		s.last.Store(k, fresh)
	}
	return fresh, err
}

// forget is called when kinds have been replaced.
func (s *settled) forget() { s.last.Clear() }

// encode is what a Spec's config is as JSON: a text that nobody changes.
func (s *settled) encode(v any) (json.RawMessage, error) {
	if v == nil {
		return s.none, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("the config does not encode as JSON: %w", err)
	}
	return raw, nil
}
