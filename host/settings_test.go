package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// TestConfigsAreChecked: that the last config of a kind fitted says nothing of others,
// nor of those of other kinds.
func TestConfigsAreChecked(t *testing.T) {
	type port struct {
		Port int `json:"port,omitempty" jsonschema:"minimum=1,default=8080"`
	}
	type text struct {
		Text string `json:"text,omitempty"`
	}
	r, err := host.New(host.WithKinds(
		task.NewKind("port", func(c port) (task.Task, error) {
			return task.Func(func(context.Context) (any, error) { return c.Port, nil }), nil
		}),
		task.NewKind("text", func(c text) (task.Task, error) {
			return task.Func(func(context.Context) (any, error) { return c.Text, nil }), nil
		}),
	))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, one := range []struct{ kind, config, want string }{
		{"port", `{}`, "8080"}, {"port", `{"port":9}`, "9"}, {"port", `{"port":9}`, "9"}, {"port", `{}`, "8080"},
		{"port", `{"port":0}`, ""}, {"port", `{"text":"x"}`, ""}, {"text", `{"text":"x"}`, `"x"`}, {"text", `{"port":9}`, ""},
		{"text", `{"text":"x"}`, `"x"`}, {"port", `{"port":9}`, "9"},
	} {
		h, err := r.Add(host.Spec{ID: fmt.Sprint("t", i), Kind: one.kind, Config: json.RawMessage(one.config)})
		if one.want == "" {
			if err == nil {
				t.Errorf("%s %s was added", one.kind, one.config)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := host.Result[json.RawMessage](t.Context(), h); err != nil || string(got) != one.want {
			t.Errorf("%s %s is %s, %v, want %s", one.kind, one.config, got, err, one.want)
		}
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
