package host_test

import (
	"context"
	"fmt"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// A host with a kind of its own. To run it in process mode too, call
// plugin.ServeSelf(greet) first in main.
func Example() {
	type config struct {
		Name string `json:"name"`
	}
	greet := task.NewKind("greet", func(c config) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return "Hello, " + c.Name + "!", nil }), nil
	})

	runner, err := host.New(host.WithKinds(greet), host.WithMode(host.Async), host.WithPolicy(host.StopAll))
	if err != nil {
		fmt.Println(err)
		return
	}
	ada, err := runner.Add(host.Spec{ID: "ada", Kind: "greet", Config: config{Name: "Ada"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = runner.Run(context.Background())
	text, _ := host.Result[string](context.Background(), ada)
	fmt.Println(ada.ID(), ada.State(), text, err)
	// Output: ada succeeded Hello, Ada! <nil>
}

// The caller of Wait decides what a failure means for the other tasks.
func ExampleRunner_Wait() {
	ctx := context.Background()
	wait := task.NewKind("wait", func(struct{}) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}), nil
	})
	fail := task.NewKind("fail", func(struct{}) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return nil, fmt.Errorf("out of paper") }), nil
	})
	runner, err := host.New(host.WithKinds(wait, fail))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, kind := range []string{"wait", "fail"} {
		if _, err := runner.Add(host.Spec{ID: kind, Kind: kind}); err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := runner.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("Wait:", runner.Wait(ctx)) // returns at the first failure
	fmt.Println("Stop:", runner.Stop(ctx))
	for _, h := range runner.Handles() {
		fmt.Println(h.ID(), h.State())
	}
	// Output:
	// Wait: goroutine task "fail": out of paper
	// Stop: <nil>
	// wait stopped
	// fail failed
}
