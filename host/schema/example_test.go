package schema_test

import (
	"encoding/json"
	"fmt"

	"github.com/hostelry-run/hostelry/host/schema"
)

func Example() {
	s, err := schema.Compile(json.RawMessage(`{
		"type": "object",
		"properties": {
			"root": {"type": "string"},
			"mode": {"enum": ["goroutine", "async", "process"]}
		},
		"required": ["root"],
		"additionalProperties": false
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range s.Check(map[string]any{"rot": ".", "mode": "proces"}) {
		fmt.Println(p)
	}
	// Output:
	// missing required field "root"
	// mode "proces" is not one of goroutine, async, process: did you mean "process"?
	// unknown field "rot": did you mean "root"? (known: root, mode)
}
