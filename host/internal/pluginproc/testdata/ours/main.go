// Command ours is what BenchmarkLaunchBuilt launches: a plugin as an author writes it.
package main

import (
	"context"

	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

type config struct {
	Root string `json:"root" jsonschema:"description=The folder to begin with,minLength=1"`
}

func main() {
	kind := task.NewKind("bench", func(config) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, nil }), nil
	})
	plugin.Main(plugin.Info{Name: "bench", Version: "0.1.0"}, kind)
}
