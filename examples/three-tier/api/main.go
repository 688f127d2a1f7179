// Command hostelry-api is a plugin with one kind of task, api: a web server that
// keeps its numbers in a database.
package main

import "github.com/hostelry-run/hostelry/plugin"

func main() {
	plugin.Main(plugin.Info{Name: "api", Version: "0.1.0"}, apiKind())
}
