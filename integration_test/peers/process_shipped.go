package main

import (
	"context"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/examples/grpc/shared"

	"github.com/hostelry-run/hostelry/host"
)

// processShipped is processLaunch with a plugin as its authors ship it for each side,
// which is the example of its own project, unchanged, and links nothing of the other's.
func processShipped() workload {
	ours := &program{source: "github.com/hostelry-run/hostelry/examples/tick", plugin: "tick"}
	theirs := &program{source: "github.com/hashicorp/go-plugin/examples/grpc/plugin-go-grpc"}
	remove := func() { ours.remove(); theirs.remove() }
	return workload{
		name: "process-launch-shipped", title: "cold launch of each project's own example, from Add to a task that runs in it",
		quantities: []quantity{{unit: seconds, targets: []target{
			{against: goPluginPlain, atMost: 1.15}, {against: goPluginTLS, atMost: 0.25, wall: wallTLS},
		}}},
		missing: theirs.missing,
		setUp: func(ctx context.Context) (func(), error) {
			err := ours.build(ctx)
			if err == nil {
				err = theirs.build(ctx)
			}
			if err != nil {
				remove()
			}
			return remove, err
		},
		sides: []side{
			{name: "examples/tick", run: ours.launchOurs(launchesARound, host.Spec{Kind: "tick"})},
			{name: goPluginPlain, run: theirs.launchExample(launchesARound, false)},
			{name: goPluginTLS, run: theirs.launchExample(launchesARound, true)},
		},
	}
}

// launchExample launches go-plugin's example as that does, and has it answer its first
// call.
func (p *program) launchExample(times int, mtls bool) measurement {
	return func(context.Context) ([]float64, error) {
		return medianOf(times, func() (time.Duration, error) {
			began := time.Now()
			cmd := exec.Command(p.path)
			cmd.Dir, cmd.Env = p.dir, p.environment() // where it keeps what it is given
			client := goplugin.NewClient(&goplugin.ClientConfig{
				HandshakeConfig: shared.Handshake, Plugins: shared.PluginMap, Cmd: cmd, AutoMTLS: mtls,
				AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(), SkipHostEnv: true,
			})
			defer client.Kill()
			err := put(client)
			return time.Since(began), err
		})
	}
}

func put(client *goplugin.Client) error {
	protocol, err := client.Client()
	if err != nil {
		return err
	}
	raw, err := protocol.Dispense(shared.PluginGRPC)
	if err != nil {
		return err
	}
	return raw.(shared.KV).Put("key", []byte("value")) //nolint:forcetypeassert // it is what the example dispenses
}
