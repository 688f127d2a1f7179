package jobfile_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/task"
)

type idle struct{}

func (idle) Run(context.Context) (any, error) { return nil, nil }

type digestConfig struct {
	Root  string   `json:"root"`
	Skip  []string `json:"skip,omitempty"`
	Limit struct {
		Files int `json:"files,omitempty" jsonschema:"minimum=1"`
	} `json:"limit,omitzero"`
}

// TestCheckFindsEveryPlace: kinds and configs, each problem at its own place.
func TestCheckFindsEveryPlace(t *testing.T) {
	c, err := catalog.New(task.NewKind("digest", func(digestConfig) (task.Task, error) { return idle{}, nil }))
	if err != nil {
		t.Fatal(err)
	}
	job := parse(t, `tasks:
  unknown: {kind: digst}
  missing-config: {kind: digest}
  missing-field:
    kind: digest
    config: {}
  unknown-field:
    kind: builtin/digest
    config:
      root: .
      skpi: [a]
  wrong:
    kind: digest
    config:
      root: 5
      skip: [a, 2]
      limit: {files: 0}
  aliased: {kind: digest, config: &c {root: .}}
  good: {kind: digest, config: {<<: *c, skip: [x]}, mode: process}
`)
	want := `j:2:19: unknown kind "digst": did you mean "digest"? (known: digest)
j:3:3: missing required field "root"
j:6:5: missing required field "root"
j:11:7: unknown field "skpi": did you mean "skip"? (known: root, skip, limit)
j:15:13: "root" is 5: expected a string
j:16:17: item 2 of "skip" is 2: expected a string
j:17:22: "files" is 0: expected at least 1`
	if err := job.Check(c, ""); err == nil || cmp.Diff(want, err.Error()) != "" {
		t.Errorf("problems (-want +got):\n%s", cmp.Diff(want, err.Error()))
	}
}
