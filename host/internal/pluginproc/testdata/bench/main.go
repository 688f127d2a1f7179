// Command bench is what the benchmarks launch: one program that is a plugin of either
// host. It links what authors of plugins link, and nothing of a host's or of a test's.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

var info = plugin.Info{Name: "bench", Version: "0.1.0"}

// cookie is what go-plugin's host says to its plugins.
var cookie = goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BENCH_PLUGIN", MagicCookieValue: "hello"}

type config struct {
	Root    string   `json:"root"              jsonschema:"description=The folder to begin with,minLength=1"`
	Exclude []string `json:"exclude,omitempty"`
	Limit   int      `json:"limit,omitempty"   jsonschema:"minimum=1,maximum=100"`
}

func kind() task.Kind {
	return task.NewKind("bench", func(config) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, nil }), nil
	})
}

// served serves the same service as ours by go-plugin, as its examples do.
type served struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (served) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	d := wire.Description{Name: info.Name, Version: info.Version, Kinds: []wire.KindDescription{{Name: "bench"}}}
	wire.NewServer(d, []task.Kind{kind()}, slog.Default()).Register(s)
	return nil
}

func (served) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

func main() {
	if os.Getenv(cookie.MagicCookieKey) == "" {
		plugin.Main(info, kind())
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: cookie, Plugins: goplugin.PluginSet{"task": served{}}, GRPCServer: goplugin.DefaultGRPCServer,
		Logger: hclog.NewNullLogger(),
	})
}
