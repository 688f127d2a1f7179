package plugin_test

import (
	"context"
	"fmt"

	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

// The main of a program that embeds a host, and registers greet there: started
// by a person, ServeSelf returns at once.
func ExampleServeSelf() {
	greet := task.NewKind("greet", func(c struct {
		Name string `json:"name"`
	}) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return "hello " + c.Name, nil }), nil
	})
	plugin.ServeSelf(greet)
	fmt.Println("not started as a plugin: on with main")
	// Output: not started as a plugin: on with main
}
