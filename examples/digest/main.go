// Command hostelry-digest is a plugin with one kind of task, digest: it hashes
// every regular file under a directory, with progress in bytes.
package main

import "github.com/hostelry-run/hostelry/plugin"

func main() {
	plugin.Main(plugin.Info{Name: "digest", Version: "0.1.0"}, digestKind())
}
