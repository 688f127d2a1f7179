package bare

import (
	"context"
	"os"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// go-plugin, as its own examples use it; the plugin serves the bare streams.

// GoPluginConfig is a host's, with everything in it but the command, which has an
// environment.
func GoPluginConfig() *goplugin.ClientConfig {
	return &goplugin.ClientConfig{
		HandshakeConfig: handshake(), Plugins: plugins(nil),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(), SkipHostEnv: true,
	}
}

// Dispense returns the caller of a plugin.
func Dispense(c *goplugin.Client) (Caller, error) {
	protocol, err := c.Client()
	if err != nil {
		return Caller{}, err
	}
	raw, err := protocol.Dispense("task")
	if err != nil {
		return Caller{}, err
	}
	return raw.(Caller), nil //nolint:forcetypeassert // it is what GRPCClient returned
}

func handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "PEERS_PLUGIN", MagicCookieValue: "hello"}
}

func plugins(log hclog.Logger) goplugin.PluginSet {
	return goplugin.PluginSet{"task": goPlugin{log: log}}
}

// goPlugin is go-plugin's plugin, on both sides.
type goPlugin struct {
	goplugin.NetRPCUnsupportedPlugin

	log hclog.Logger // the plugin's; nil in a host
}

// GRPCServer implements goplugin.GRPCPlugin.
func (p goPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	b, err := newServer(p.log)
	if err == nil {
		b.register(s)
	}
	return err
}

// GRPCClient implements goplugin.GRPCPlugin.
func (goPlugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return NewCaller(conn)
}

// serveGoPlugin is the role of a plugin. What it logs is what its errand asks for.
func serveGoPlugin() error {
	log := hclog.New(&hclog.LoggerOptions{Output: os.Stderr, JSONFormat: true}) // before Serve takes stderr
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake(), Plugins: plugins(log), GRPCServer: goplugin.DefaultGRPCServer,
		Logger: hclog.NewNullLogger(),
	})
	return nil
}
