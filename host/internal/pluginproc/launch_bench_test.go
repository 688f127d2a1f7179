package pluginproc_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// The plugin that is launched is served by package plugin, or by go-plugin as its
// examples do.
func init() {
	roles["bench-ours"] = func() {
		plugin.Main(plugin.Info{Name: "bench", Version: "0.1.0"}, benchKind())
	}
	roles["bench-theirs"] = func() {
		goplugin.Serve(&goplugin.ServeConfig{
			HandshakeConfig: benchHandshake, Plugins: benchPlugins(), GRPCServer: goplugin.DefaultGRPCServer,
			Logger: hclog.NewNullLogger(),
		})
	}
}

type benchConfig struct {
	Root    string   `json:"root"              jsonschema:"description=The folder to begin with,minLength=1"`
	Exclude []string `json:"exclude,omitempty"`
	Limit   int      `json:"limit,omitempty"   jsonschema:"minimum=1,maximum=100"`
}

func benchKind() task.Kind {
	return task.NewKind("bench", func(benchConfig) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, nil }), nil
	})
}

var benchHandshake = goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BENCH_PLUGIN", MagicCookieValue: "hello"}

func benchPlugins() goplugin.PluginSet { return goplugin.PluginSet{"task": benchPlugin{}} }

// benchPlugin serves the same service as ours.
type benchPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (benchPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	d := wire.Description{Name: "bench", Version: "0.1.0", Kinds: []wire.KindDescription{{Name: "bench"}}}
	wire.NewServer(d, []task.Kind{benchKind()}, slog.Default()).Register(s)
	return nil
}

func (benchPlugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return wire.NewClient(conn), nil
}

// BenchmarkLaunch measures the time from nothing to a task that runs in a plugin,
// which is the first call and its answer, for the same binary in rounds that take turns,
// so that what else the machine does meets all alike: launched by this package, by
// go-plugin as its examples do, and by go-plugin with AutoMTLS. It reports medians;
// of this package's launch also without a keeper, and with the start of one, as
// in the first launch of a run. On a machine that is busy, what the three have in
// common drowns in what else it does: there, chrt -f 10 helps.
func BenchmarkLaunch(b *testing.B) {
	shared := keeper.Start()
	defer shared.Close()
	ways := []struct {
		unit   string
		launch func() time.Duration
	}{
		{"ms/ours", func() time.Duration { return launchOurs(b, shared) }},
		{"ms/plain", func() time.Duration { return launchTheirs(b, false) }},
		{"ms/automtls", func() time.Duration { return launchTheirs(b, true) }},
		{"ms/ours-no-keeper", func() time.Duration { return launchOurs(b, nil) }},
		{"ms/ours-first", func() time.Duration { return launchFirst(b) }},
	}
	took := make([][]time.Duration, len(ways))
	for round := range max(b.N, 100) {
		for turn := range ways { // each comes after each other: it leaves a dying process behind
			i := (turn*(1+round%4) + round) % len(ways)
			took[i] = append(took[i], ways[i].launch())
		}
	}
	b.ReportMetric(0, "ns/op") // of all ways together: it says nothing
	medians := make([]float64, len(ways))
	for i, way := range ways {
		slices.Sort(took[i])
		medians[i] = float64(took[i][len(took[i])/2]) / float64(time.Millisecond)
		b.ReportMetric(medians[i], way.unit)
	}
	b.ReportMetric(medians[0]/medians[1], "ours/plain")
	b.ReportMetric(medians[0]/medians[2], "ours/automtls")
}

func launchOurs(b *testing.B, k *keeper.Keeper) time.Duration {
	b.Helper()
	begin := time.Now()
	p, err := pluginproc.Launch(b.Context(), pluginproc.Config{
		Path: os.Args[0], Env: as("bench-ours"), Logger: slog.New(slog.DiscardHandler), Keeper: k,
	})
	if err == nil {
		err = startTask(b, p.Client())
	}
	took := time.Since(begin)
	if err != nil {
		b.Fatal(err)
	}
	p.Close(b.Context())
	return took
}

// launchFirst also starts a keeper, as the first launch of a runner does.
func launchFirst(b *testing.B) time.Duration {
	b.Helper()
	begin := time.Now()
	k := keeper.Start()
	defer k.Close()
	waited := time.Since(begin)
	return waited + launchOurs(b, k)
}

func launchTheirs(b *testing.B, mtls bool) time.Duration {
	b.Helper()
	begin := time.Now()
	client, c, err := theirs(mtls)
	defer client.Kill()
	if err == nil {
		err = startTask(b, c)
	}
	took := time.Since(begin)
	if err != nil {
		b.Fatal(err)
	}
	return took
}

// theirs is a plugin that go-plugin has launched.
func theirs(mtls bool) (*goplugin.Client, *wire.Client, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = as("bench-theirs")
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: benchHandshake, Plugins: benchPlugins(), Cmd: cmd, AutoMTLS: mtls,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
	})
	protocol, err := client.Client()
	if err != nil {
		return client, nil, err
	}
	raw, err := protocol.Dispense("task")
	if err != nil {
		return client, nil, err
	}
	return client, raw.(*wire.Client), nil
}

// startTask is the first call. It is answered when the task runs.
func startTask(b *testing.B, c *wire.Client) error {
	b.Helper()
	_, err := c.Start(b.Context(), "run", "bench", []byte(`{"root":"/"}`))
	return err
}
