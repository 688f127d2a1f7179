package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/examples/grpc/shared"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// Where both come from. Each is the example of its own project, unchanged.
const (
	ourExample   = "github.com/hostelry-run/hostelry/examples/tick"
	theirExample = "github.com/hashicorp/go-plugin/examples/grpc/plugin-go-grpc"
)

// shipped are plugins as their authors ship them: programs that link no more than they
// need.
type shipped struct {
	dir          string
	catalog      *catalog.Catalog
	ours, theirs string
}

// processShipped is processLaunch with a plugin's program for each side: there the
// initialisation of our host's packages is in no side's time.
func processShipped() workload {
	var s shipped
	return workload{
		name: "process-launch-shipped", title: "cold launch of a plugin that links only what it needs, from Add to a task that runs in it",
		quantities: []quantity{{unit: seconds, targets: []target{
			{against: goPluginPlain, atMost: 1.15}, {against: goPluginTLS, atMost: 0.25},
		}}},
		missing: missingGo,
		setUp: func(ctx context.Context) (func(), error) {
			err := s.build(ctx)
			if err != nil {
				_ = os.RemoveAll(s.dir)
			}
			return func() { _ = os.RemoveAll(s.dir) }, err
		},
		sides: []side{
			{name: "examples/tick", run: func(ctx context.Context) ([]float64, error) {
				return launchOurs(launchesARound, host.Spec{Kind: "tick"}, host.WithCatalog(s.catalog))(ctx)
			}},
			{name: goPluginPlain, run: func(ctx context.Context) ([]float64, error) { return s.launchTheirs(ctx, false) }},
			{name: goPluginTLS, run: func(ctx context.Context) ([]float64, error) { return s.launchTheirs(ctx, true) }},
		},
	}
}

// missingGo says what it would take to build them.
func missingGo() string {
	if exec.Command("go", "list", ourExample, theirExample).Run() != nil {
		return "the go command, in the directory of this module"
	}
	return ""
}

func (s *shipped) build(ctx context.Context) (err error) {
	if s.dir, err = os.MkdirTemp("", "peers-"); err != nil {
		return err
	}
	plugins := filepath.Join(s.dir, "plugins")
	s.ours, s.theirs = filepath.Join(plugins, "hostelry-tick"), filepath.Join(s.dir, "go-plugin")
	for path, example := range map[string]string{s.ours: ourExample, s.theirs: theirExample} {
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", path, example).CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w: %s", example, err, out)
		}
	}
	s.catalog = &catalog.Catalog{}
	if err := s.catalog.Load(ctx, plugins, catalog.WithCacheDir(filepath.Join(s.dir, "cache"))); err != nil {
		return err
	}
	var errs []error
	for _, p := range s.catalog.Plugins() {
		errs = append(errs, p.Err)
	}
	return errors.Join(errs...)
}

// launchTheirs launches the example's plugin as the example does, and has it answer
// its first call.
func (s *shipped) launchTheirs(_ context.Context, mtls bool) ([]float64, error) {
	return medianOf(launchesARound, func() (time.Duration, error) {
		began := time.Now()
		cmd := exec.Command(s.theirs)
		cmd.Dir = s.dir // where it keeps what it is given
		client := goplugin.NewClient(&goplugin.ClientConfig{
			HandshakeConfig: shared.Handshake, Plugins: shared.PluginMap, Cmd: cmd, AutoMTLS: mtls,
			AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
		})
		defer client.Kill()
		err := put(client)
		return time.Since(began), err
	})
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
