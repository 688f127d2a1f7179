package wire

import (
	"encoding/json"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
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
