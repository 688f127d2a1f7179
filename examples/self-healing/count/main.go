// Command hostelry-count is a plugin with one kind of task, count: it counts, and
// crashes on the way if it is asked to.
package main

import "github.com/hostelry-run/hostelry/plugin"

func main() {
	plugin.Main(plugin.Info{Name: "count", Version: "0.1.0"}, countKind())
}
