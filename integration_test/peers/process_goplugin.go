package main

import (
	"context"
	"sync"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

const goPluginPlain, goPluginTLS = "go-plugin", "go-plugin, AutoMTLS"

// goPluginHost is a plugin of go-plugin's in which a task runs.
type goPluginHost struct {
	client *goplugin.Client
	task   *bare.Call
}

// launchGoPlugin launches a plugin and starts a task in it, which says that it runs.
// What the plugin logs goes to log, if that is not nil.
func (p *program) launchGoPlugin(ctx context.Context, mtls bool, method string, e errand.Errand, log hclog.Logger) (*goPluginHost, error) {
	config := bare.GoPluginConfig()
	config.Cmd, config.AutoMTLS = p.as(bare.GoPlugin), mtls
	if log != nil {
		config.Logger = log
	}
	h := &goPluginHost{client: goplugin.NewClient(config)}
	caller, err := bare.Dispense(h.client)
	if err == nil {
		h.task, err = caller.Call(ctx, method, e)
	}
	if err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// close ends the plugin.
func (h *goPluginHost) close() {
	h.client.Kill()
	if h.task != nil {
		h.task.HangUp()
	}
}

// parkGoPlugins launches plugins in which a task runs until they are killed, all at the
// same time.
func (p *program) parkGoPlugins(ctx context.Context, n int) ([]*goPluginHost, error) {
	return atOnce(n, func() (*goPluginHost, error) { return p.parkGoPlugin(ctx, false) })
}

func (p *program) parkGoPlugin(ctx context.Context, mtls bool) (*goPluginHost, error) {
	return p.launchGoPlugin(ctx, mtls, "park", errand.Errand{}, nil)
}

// closeAll ends plugins, all at the same time.
func closeAll(hosts []*goPluginHost) {
	var closing sync.WaitGroup
	for _, h := range hosts {
		closing.Go(h.close)
	}
	closing.Wait()
}
