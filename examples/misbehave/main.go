// Command hostelry-misbehave is a plugin with one kind of task, misbehave: it does
// on request what a task must not do, so that a host can be tried out.
package main

import "github.com/hostelry-run/hostelry/plugin"

func main() {
	plugin.Main(plugin.Info{Name: "misbehave", Version: "0.1.0"}, misbehaveKind())
}
