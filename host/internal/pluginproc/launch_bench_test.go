package pluginproc_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
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
// which is the first call and its answer, for the same binary: launched by this
// package, by go-plugin as its examples do, and by go-plugin with AutoMTLS. Of this
// package's launch also without a keeper, and with the start of one, as in the first
// launch of a run. On a machine that is busy, what the three have in common drowns in
// what else it does: there, chrt -r 10 helps.
func BenchmarkLaunch(b *testing.B) {
	shared := keeper.Start(slog.New(slog.DiscardHandler))
	defer shared.Close()
	ours, theirs := self("bench-ours"), self("bench-theirs")
	compare(b, max(b.N, 100),
		way{"ms/ours", func() time.Duration { return launchOurs(b, ours, shared) }},
		way{"ms/plain", func() time.Duration { return launchTheirs(b, theirs, false) }},
		way{"ms/automtls", func() time.Duration { return launchTheirs(b, theirs, true) }},
		way{"ms/ours-no-keeper", func() time.Duration { return launchOurs(b, ours, nil) }},
		way{"ms/ours-first", func() time.Duration { return launchFirst(b, ours) }},
	)
}

// BenchmarkLaunchBuilt is BenchmarkLaunch with two plugins as authors build them,
// which link nothing of the tests' nor of each other's: what a user sees. The lean ones
// are built with CGO_ENABLED=0 and the tag grpcnotrace.
func BenchmarkLaunchBuilt(b *testing.B) {
	shared := keeper.Start(slog.New(slog.DiscardHandler))
	defer shared.Close()
	ours, theirs := built(b, "ours"), built(b, "theirs")
	lean, theirLean := built(b, "ours", "-tags=grpcnotrace"), built(b, "theirs", "-tags=grpcnotrace")
	compare(b, max(b.N, 100),
		way{"ms/ours", func() time.Duration { return launchOurs(b, ours, shared) }},
		way{"ms/plain", func() time.Duration { return launchTheirs(b, theirs, false) }},
		way{"ms/automtls", func() time.Duration { return launchTheirs(b, theirs, true) }},
		way{"ms/ours-lean", func() time.Duration { return launchOurs(b, lean, shared) }},
		way{"ms/plain-lean", func() time.Duration { return launchTheirs(b, theirLean, false) }},
	)
}

// program is what is launched.
type program struct {
	path string
	env  []string
}

// self is this binary in a role.
func self(role string) program { return program{os.Args[0], as(role)} }

// built is a program of testdata. With flags it is lean.
func built(b *testing.B, name string, flags ...string) program {
	b.Helper()
	path := filepath.Join(b.TempDir(), name)
	args := slices.Concat([]string{"build", "-o", path}, flags, []string{"./testdata/" + name})
	cmd := exec.Command("go", args...)
	if len(flags) > 0 {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if output, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	return program{path: path}
}

func launchOurs(b *testing.B, p program, k *keeper.Keeper) time.Duration {
	b.Helper()
	begin := time.Now()
	r := startOurs(b, p, k)
	took := time.Since(begin)
	r()
	return took
}

// launchFirst also starts a keeper, as the first launch of a runner does.
func launchFirst(b *testing.B, p program) time.Duration {
	b.Helper()
	begin := time.Now()
	k := keeper.Start(slog.New(slog.DiscardHandler))
	defer k.Close()
	waited := time.Since(begin)
	return waited + launchOurs(b, p, k)
}

func launchTheirs(b *testing.B, p program, mtls bool) time.Duration {
	b.Helper()
	begin := time.Now()
	client := startTheirs(b, p, mtls)
	took := time.Since(begin)
	client.Kill()
	return took
}

// theirs is a plugin that go-plugin has launched.
func theirs(p program, mtls bool) (*goplugin.Client, *wire.Client, error) {
	cmd := exec.Command(p.path)
	cmd.Env = p.env
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
func startTask(b *testing.B, c *wire.Client) (*wire.Remote, error) {
	b.Helper()
	return c.Start(b.Context(), "run", "bench", []byte(`{"root":"/"}`))
}
