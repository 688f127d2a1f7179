// Command embed runs a kind of its own in all three modes under one runner.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

// greet is a task that is its own config.
type greet struct {
	Name string `json:"name"`
}

// Run returns the id of the process that it runs in.
func (g greet) Run(ctx context.Context) (any, error) {
	task.Logger(ctx).Info("Hello, " + g.Name + "!")
	return os.Getpid(), nil
}

func greetKind() task.Kind {
	return task.NewKind("greet", func(g greet) (task.Task, error) { return g, nil })
}

func main() {
	plugin.ServeSelf(greetKind()) // process mode starts this program again, and ends here
	runner, err := host.New(host.WithKinds(greetKind()))
	if err != nil {
		log.Fatal(err)
	}
	for _, mode := range host.Modes() {
		spec := host.Spec{ID: "in-" + mode.String(), Kind: "greet", Config: greet{Name: "Ada"}, Mode: mode}
		if _, err := runner.Add(spec); err != nil {
			log.Fatal(err)
		}
	}
	if err := runner.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	for _, h := range runner.Handles() {
		pid, err := host.Result[int](context.Background(), h)
		fmt.Println(h.ID(), "ran in this process:", pid == os.Getpid(), err)
	}
}
