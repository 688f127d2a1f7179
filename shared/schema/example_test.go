package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/hostelry-run/hostelry/shared/schema"
)

func Example() {
	type config struct {
		Root    string   `json:"root"              jsonschema:"description=the directory to hash,minLength=1"`
		Exclude []string `json:"exclude,omitempty"`
	}
	raw, err := schema.Of(reflect.TypeFor[config]())
	if err != nil {
		fmt.Println(err)
		return
	}
	var indented bytes.Buffer
	_ = json.Indent(&indented, raw, "", "  ")
	fmt.Println(indented.String())
	// Output:
	// {
	//   "$schema": "https://json-schema.org/draft/2020-12/schema",
	//   "properties": {
	//     "root": {
	//       "type": "string",
	//       "minLength": 1,
	//       "description": "the directory to hash"
	//     },
	//     "exclude": {
	//       "items": {
	//         "type": "string"
	//       },
	//       "type": "array"
	//     }
	//   },
	//   "additionalProperties": false,
	//   "type": "object",
	//   "required": [
	//     "root"
	//   ]
	// }
}
