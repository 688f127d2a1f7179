package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hostelry-run/hostelry/shared/task"
)

// greetConfig is a kind's config: its JSON names are what a job file uses.
type greetConfig struct {
	Names []string `json:"names"`
	Shout bool     `json:"shout,omitempty"`
}

// greet is a task: it greets each name until it is asked to stop.
type greet struct{ config greetConfig }

func (g greet) Run(ctx context.Context) (any, error) {
	for i, name := range g.config.Names {
		greeting := "hello " + name
		if g.config.Shout {
			greeting = strings.ToUpper(greeting)
		}
		fmt.Println(greeting)
		task.Progress(ctx, int64(i+1), int64(len(g.config.Names)), name)
		if err := task.Yield(ctx); err != nil {
			return nil, err
		}
	}
	return len(g.config.Names), nil
}

// greetKind is what a plugin's main serves, or an embedder registers.
func greetKind() task.Kind {
	return task.NewKind("greet", func(c greetConfig) (task.Task, error) {
		if len(c.Names) == 0 {
			return nil, errors.New("nobody to greet")
		}
		return greet{c}, nil
	}, task.WithDescription("Greets people."))
}

// A task runs with a plain context: a unit test needs no host.
func Example() {
	t, err := greetKind().New(json.RawMessage(`{"names": ["Ada", "Grace"], "shout": true}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Run(context.Background()))

	_, err = greetKind().New(json.RawMessage(`{"name": "Ada"}`))
	fmt.Println(err)
	_, err = greetKind().New(nil)
	fmt.Println(err)
	// Output:
	// HELLO ADA
	// HELLO GRACE
	// 2 <nil>
	// bad config for kind "greet": json: unknown field "name"
	// bad config for kind "greet": nobody to greet
}
