package catalog_test

import (
	"context"
	"fmt"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/task"
)

// A catalog of a kind of this program's own. A host gets it by host.WithCatalog.
func Example() {
	type config struct {
		Name  string `json:"name"`
		Times int    `json:"times,omitempty"`
	}
	greet := task.NewKind("greet", func(c config) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return "hello, " + c.Name, nil }), nil
	}, task.WithDescription("greets"))

	c, err := catalog.New(greet)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, k := range c.Kinds() {
		fmt.Println(k.Name, k.Description)
	}
	k, err := c.Lookup("greet")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(k.Validate([]byte(`{"name": "you", "tmes": 2}`)))

	_, err = c.Lookup("great")
	fmt.Println(err)
	// Output:
	// greet greets
	// config of kind "greet": unknown field "tmes": did you mean "times"? (known: name, times)
	// unknown kind "great": did you mean "greet"? (known: greet)
}
