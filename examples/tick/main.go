// Command hostelry-tick is a plugin with one kind of task, tick: a clock that
// runs until it is stopped.
package main

import "github.com/hostelry-run/hostelry/plugin"

func main() {
	plugin.Main(plugin.Info{Name: "tick", Version: "0.1.0"}, tickKind())
}
