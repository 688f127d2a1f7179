package main

import (
	"context"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// go-plugin, as its own examples use it, with this program as the plugin, which there
// serves the bare streams. Neither side logs.

func goPluginHandshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "PEERS_PLUGIN", MagicCookieValue: "hello"}
}

// goPlugin is go-plugin's plugin, on both sides.
type goPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
}

func goPlugins() goplugin.PluginSet { return goplugin.PluginSet{"task": goPlugin{}} }

// GRPCServer implements goplugin.GRPCPlugin.
func (goPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	b, err := newBareServer()
	if err == nil {
		b.register(s)
	}
	return err
}

// GRPCClient implements goplugin.GRPCPlugin.
func (goPlugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return newBareCaller(conn)
}

// serveGoPlugin is the role of a plugin.
func serveGoPlugin() error {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goPluginHandshake(), Plugins: goPlugins(), GRPCServer: goplugin.DefaultGRPCServer,
		Logger: hclog.NewNullLogger(),
	})
	return nil
}

// launchGoPlugin launches a plugin and starts a task in it, which says that it runs.
func launchGoPlugin(ctx context.Context, mtls bool) (*goplugin.Client, error) {
	cmd, err := again(context.Background(), "go-plugin") // no context, for which a goroutine would wait
	if err != nil {
		return nil, err
	}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goPluginHandshake(), Plugins: goPlugins(), Cmd: cmd, AutoMTLS: mtls,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
	})
	if err := startGoPluginTask(ctx, client); err != nil {
		client.Kill()
		return nil, err
	}
	return client, nil
}

// startGoPluginTask starts a task that runs until the plugin is killed.
func startGoPluginTask(ctx context.Context, client *goplugin.Client) error {
	protocol, err := client.Client()
	if err != nil {
		return err
	}
	raw, err := protocol.Dispense("task")
	if err != nil {
		return err
	}
	_, err = raw.(bareCaller).call(ctx, "park", errand{}) //nolint:forcetypeassert // it is what GRPCClient returned
	return err
}
