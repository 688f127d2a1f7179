package wire

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/schema"
	"github.com/hostelry-run/hostelry/shared/task"
)

// Description is what a plugin says of itself. Its JSON is stable: hosts keep it
// in files.
type Description struct {
	Name         string            `json:"name"`
	Version      string            `json:"version"`
	Kinds        []KindDescription `json:"kinds"`
	Capabilities []string          `json:"capabilities,omitempty"`
}

// KindDescription is what a plugin says of one of its kinds.
type KindDescription struct {
	Name         string          `json:"name"`
	Description  string          `json:"description,omitempty"`
	ConfigSchema json.RawMessage `json:"config_schema,omitempty"`
}

// WithSchemas returns d with the config schemas that it leaves out, each derived
// from its kind's config type if it is one of kinds.
func (d Description) WithSchemas(kinds []task.Kind) (Description, error) {
	d.Kinds = slices.Clone(d.Kinds)
	for i := range d.Kinds {
		k := &d.Kinds[i]
		at := slices.IndexFunc(kinds, func(kind task.Kind) bool { return kind.Name() == k.Name })
		if at < 0 || k.ConfigSchema != nil {
			continue
		}
		var err error
		if k.ConfigSchema, err = schema.Of(kinds[at].ConfigType()); err != nil {
			return d, fmt.Errorf("kind %q: %w", k.Name, err)
		}
	}
	return d, nil
}

func encodeDescription(d Description) *taskpb.DescribeResponse {
	r := &taskpb.DescribeResponse{Name: text(d.Name), Version: text(d.Version), Capabilities: d.Capabilities}
	for _, k := range d.Kinds {
		r.Kinds = append(r.Kinds, &taskpb.Kind{
			Name: text(k.Name), Description: text(k.Description), ConfigSchema: k.ConfigSchema,
		})
	}
	return r
}

func decodeDescription(r *taskpb.DescribeResponse) Description {
	d := Description{Name: r.GetName(), Version: r.GetVersion(), Capabilities: r.GetCapabilities()}
	for _, k := range r.GetKinds() {
		d.Kinds = append(d.Kinds, KindDescription{
			Name: k.GetName(), Description: k.GetDescription(), ConfigSchema: k.GetConfigSchema(),
		})
	}
	return d
}
