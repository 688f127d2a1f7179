// Command theirs is what BenchmarkLaunchBuilt launches beside ours: the same task,
// served by go-plugin as its examples do.
package main

import (
	"context"
	"log/slog"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

type config struct {
	Root string `json:"root" jsonschema:"description=The folder to begin with,minLength=1"`
}

type served struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (served) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	kind := task.NewKind("bench", func(config) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, nil }), nil
	})
	d := wire.Description{Name: "bench", Version: "0.1.0", Kinds: []wire.KindDescription{{Name: "bench"}}}
	wire.NewServer(d, []task.Kind{kind}, slog.Default()).Register(s)
	return nil
}

func (served) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

func main() {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BENCH_PLUGIN", MagicCookieValue: "hello"},
		Plugins:         goplugin.PluginSet{"task": served{}}, GRPCServer: goplugin.DefaultGRPCServer,
		Logger: hclog.NewNullLogger(),
	})
}
