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
	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// benchHandshake makes testdata/bench go-plugin's plugin, as its examples are; else it is
// one made with package plugin.
var benchHandshake = goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BENCH_PLUGIN", MagicCookieValue: "hello"}

// benchPlugin is the client's half: the program serves the same service as ours.
type benchPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (benchPlugin) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return nil }

func (benchPlugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return wire.NewClient(conn), nil
}

// BenchmarkLaunch measures the time from nothing to a task that runs in a plugin,
// which is the first call and its answer, for the same binary: launched by this
// package, by go-plugin as its examples do, and by go-plugin with AutoMTLS. Of this
// package's launch also without a keeper, and with the start of one, as in the first
// launch of a run. On a machine that is busy, what all have in common drowns in what
// else it does: there, nice -n -10 helps.
func BenchmarkLaunch(b *testing.B) {
	path := build(b)
	shared := keeper.Start(slog.New(slog.DiscardHandler))
	defer shared.Close()
	compare(b, max(b.N, 100),
		way{"ms/ours", func() time.Duration { return launchOurs(b, path, shared) }},
		way{"ms/plain", func() time.Duration { return launchTheirs(b, path, false) }},
		way{"ms/automtls", func() time.Duration { return launchTheirs(b, path, true) }},
		way{"ms/ours-no-keeper", func() time.Duration { return launchOurs(b, path, nil) }},
		way{"ms/ours-first", func() time.Duration { return launchFirst(b, path) }},
	)
}

// build makes testdata/bench, as package plugin tells authors to build theirs.
func build(b *testing.B) (path string) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "bench")
	cmd := exec.Command("go", "build", "-tags=grpcnotrace", "-o", path, "./testdata/bench")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	return path
}

func launchOurs(b *testing.B, path string, k *keeper.Keeper) time.Duration {
	b.Helper()
	begin := time.Now()
	p, err := pluginproc.Launch(b.Context(), pluginproc.Config{Path: path, Logger: slog.New(slog.DiscardHandler), Keeper: k})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Kill()
	startTask(b, p.Client())
	return time.Since(begin)
}

// launchFirst also starts a keeper, as the first launch of a runner does.
func launchFirst(b *testing.B, path string) time.Duration {
	b.Helper()
	begin := time.Now()
	k := keeper.Start(slog.New(slog.DiscardHandler))
	defer k.Close()
	waited := time.Since(begin)
	return waited + launchOurs(b, path, k)
}

func launchTheirs(b *testing.B, path string, mtls bool) time.Duration {
	b.Helper()
	begin := time.Now()
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: benchHandshake, Plugins: goplugin.PluginSet{"task": benchPlugin{}},
		Cmd: exec.Command(path), AutoMTLS: mtls,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
	})
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		b.Fatal(err)
	}
	raw, err := protocol.Dispense("task")
	if err != nil {
		b.Fatal(err)
	}
	startTask(b, raw.(*wire.Client))
	return time.Since(begin)
}

// startTask is the first call. It is answered when the task runs.
func startTask(b *testing.B, c *wire.Client) {
	b.Helper()
	if _, err := c.Start(b.Context(), "run", "bench", []byte(`{"root":"/"}`)); err != nil {
		b.Fatal(err)
	}
}

// way is one way to do what is measured.
type way struct {
	unit string
	once func() time.Duration
}

// compare measures ways in rounds that take turns, and reports their medians and what
// the first takes for one of each other.
func compare(b *testing.B, rounds int, ways ...way) {
	b.Helper()
	took := make([][]float64, len(ways))
	for round := range rounds {
		for turn := range ways { // each comes after each other: it leaves dying processes behind
			i := (turn*(1+round%(len(ways)-1)) + round) % len(ways)
			took[i] = append(took[i], ways[i].once().Seconds()*1e3)
		}
	}
	b.ReportMetric(0, "ns/op") // of all ways together: it says nothing
	for i, way := range ways {
		b.ReportMetric(median(took[i]), way.unit)
		if i > 0 {
			b.ReportMetric(median(took[0])/median(took[i]), "ours/"+way.unit[len("ms/"):])
		}
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
