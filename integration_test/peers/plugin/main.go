// Plugin is the program that all sides of the process workloads start: ours as a plugin,
// the others in a role. It links what plugins link, of each side, and nothing of a host.
package main

import (
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
	"github.com/hostelry-run/hostelry/plugin"
)

func main() {
	bare.Play() // ends here, if there is a role to play
	plugin.Main(plugin.Info{Name: "peers", Version: "0.1.0"}, errand.Kinds()...)
}
