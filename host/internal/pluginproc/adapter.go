package pluginproc

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// What go-plugin calls of a pluginRunner, besides Start.

// Stdout implements runner.Runner.
func (r *pluginRunner) Stdout() io.ReadCloser { return r.handshake.r }

// Stderr implements runner.Runner: an empty stream.
func (r *pluginRunner) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Wait implements runner.Runner. go-plugin calls it after both streams' ends and has
// nothing to learn from it: a goroutine less for each process.
func (r *pluginRunner) Wait(context.Context) error { return nil }

// Kill implements runner.Runner.
func (r *pluginRunner) Kill(context.Context) error {
	r.kill()
	r.awaitEnd()
	return nil
}

// ID implements runner.Runner.
func (r *pluginRunner) ID() string {
	if r.group == nil {
		return ""
	}
	return strconv.Itoa(r.group.Pid())
}

// Name implements runner.Runner.
func (r *pluginRunner) Name() string { return r.config.Path }

// Diagnose implements runner.Runner; explain says more.
func (r *pluginRunner) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner. It refuses an address that the plugin
// cannot have made for this launch.
func (r *pluginRunner) PluginToHost(network, address string) (string, string, error) {
	switch {
	case network == "unix" && !inside(r.dir, address):
		return "", "", fmt.Errorf("the plugin listens at %q, outside the directory that $%s names", address, wire.SocketDirKey)
	case network != "unix" && runtime.GOOS != "windows":
		return "", "", fmt.Errorf("the plugin listens on %s %q; on this system it must be a unix socket", network, address)
	}
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (r *pluginRunner) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
