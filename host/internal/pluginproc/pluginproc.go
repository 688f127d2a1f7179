// Package pluginproc launches a plugin's executable and owns the process: its
// pipes, its process group, its death and its clean-up. It is the only package
// that knows go-plugin, which it gives a runner of its own: go-plugin tells the
// plugin what it must know and takes its handshake, everything else happens here.
package pluginproc

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"

	"github.com/hostelry-run/hostelry/host/internal/cgroup"
	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/host/internal/procgroup"
	"github.com/hostelry-run/hostelry/host/internal/redact"
	"github.com/hostelry-run/hostelry/host/internal/rlimit"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// Config says what to launch.
type Config struct {
	// Path is the executable's.
	Path string
	// File is the file of which Path is a copy, or "". The plugin finds it in its
	// environment as HOSTELRY_PLUGIN_FILE, should it need what lies beside it.
	File string
	// Env is what the plugin gets besides the minimal environment: K=V.
	Env []string
	// Limits bound what each process of the plugin may use.
	Limits rlimit.Limits
	// Cgroup bounds what all of them may use together.
	Cgroup cgroup.Limits
	// Logger receives the plugin's output.
	Logger *slog.Logger
	// Mask hides secrets where the output is cut, so that the Logger could not any
	// more, and in what Stderr returns; nil for none.
	Mask *redact.Mask
	// Keeper outlives the host to end the plugin; nil for none.
	Keeper *keeper.Keeper
	// TLS makes both sides prove themselves by certificates made for this launch.
	// It is needless where the system tells who is at the other end of a socket, but
	// may be wanted, and always on elsewhere.
	TLS bool
}

// Process is a running plugin. Its methods are safe from any goroutine.
type Process struct {
	runner  *pluginRunner
	client  *goplugin.Client
	release func()        // of the directory in which go-plugin made the socket's
	done    chan struct{} // closed after the process was reaped, its output read and that directory removed
}

// Launch starts the plugin and connects to it. ctx bounds the launch alone: when
// it ends first, the process is killed. A failure is a *LaunchError, and nothing
// is left of the process. On success the caller must call Close, Dismiss
// or Kill.
//
// A connection is no proof that the plugin answers: a first call, under a
// deadline, is.
func Launch(ctx context.Context, c Config) (*Process, error) {
	dir, release, err := c.Keeper.Dir()
	if err != nil {
		return nil, &LaunchError{Path: c.Path, Err: err}
	}
	p := &Process{runner: newRunner(c), release: release, done: make(chan struct{})}
	config := &goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: wire.ProtocolVersion, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue,
		},
		Plugins:          goplugin.PluginSet{}, // that there is one names the protocol's version
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		SkipHostEnv:      true,
		StartTimeout:     time.Hour, // ctx is what bounds the launch
		Logger:           hclog.NewNullLogger(),
		// Of an empty stream; the default is 64 KB, to be cleared at each launch.
		PluginLogBufferSize: 16,
		UnixSocketConfig:    &goplugin.UnixSocketConfig{TempDir: dir},
		AutoMTLS:            p.runner.tls(),
		// go-plugin does not connect: the runner does. Kill would try it, late and
		// in vain; without credentials it does not get so far.
		GRPCDialOptions: []grpc.DialOption{grpc.WithTransportCredentials(nil)},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, dir string) (runner.Runner, error) {
			p.runner.prepare(spec.Env, dir)
			return p.runner, nil
		},
	}
	p.runner.certificates = func() *tls.Config { return config.TLSConfig }
	p.client = goplugin.NewClient(config)
	p.runner.discard = p.discard
	unbind := context.AfterFunc(ctx, p.runner.kill)
	defer unbind()
	err = p.connect(ctx)
	if err != nil {
		late := context.Cause(ctx) // not what ends ctx while the plugin may die by itself
		p.giveUp(ctx)
		return nil, p.runner.explain(late, err)
	}
	close(p.runner.launched)
	return p, nil
}

// giveUp ends a launch that failed. Nothing is left of it then.
func (p *Process) giveUp(ctx context.Context) {
	p.runner.awaitDying(ctx)
	p.runner.kill()
	close(p.runner.launched)
	if p.runner.hasStarted() {
		<-p.done
	} else {
		p.discard()
	}
	p.client.Kill() // waits for go-plugin's goroutines, which have seen the end
}

// connect waits for the handshake and then for the plugin to answer.
func (p *Process) connect(ctx context.Context) error {
	if _, err := p.client.Start(); err != nil {
		return err
	}
	if p.runner.tls() {
		close(p.runner.located) // not before: Start loads the plugin's certificate last
	}
	return p.reach(ctx)
}

// reach waits until the plugin answers where it says that it listens, as it must
// before any call.
func (p *Process) reach(ctx context.Context) error {
	for {
		p.runner.conn.Connect()
		state := p.runner.conn.GetState()
		switch state {
		case connectivity.Ready:
			return nil
		case connectivity.Shutdown:
			return errors.New("it has ended")
		case connectivity.TransientFailure:
			if _, err := p.Client().Describe(ctx); err != nil { // fails at once, and knows why
				return p.runner.unreached(err)
			}
		}
		if !p.runner.conn.WaitForStateChange(ctx, state) {
			return context.Cause(ctx)
		}
	}
}

// discard frees what the launch holds. The process is dead, or there is none.
func (p *Process) discard() {
	p.runner.endCgroup()
	p.runner.removeSocket()
	p.release()
	close(p.done)
}

// Client speaks to the plugin.
func (p *Process) Client() *wire.Client { return wire.NewClient(p.runner.conn) }

// Serves reports whether the plugin has neither died nor hung up, nor is frozen by a
// signal, as far as is known.
func (p *Process) Serves() bool {
	select {
	case <-p.runner.dead:
		return false
	default:
		return p.runner.conn.GetState() == connectivity.Ready && !p.runner.group.Frozen()
	}
}

// Done is closed once the process is dead and reaped, its output read, and what
// it left in the file system removed.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit says how the process ended. It is valid after Done.
func (p *Process) Exit() procgroup.Exit { return p.runner.group.Exit() }

// Stderr returns the last lines that the plugin wrote there, at most 20.
func (p *Process) Stderr() []string { return p.runner.tail.lines() }

// OverLimit names the limit of its cgroup that the plugin reached, with its value,
// or is "". It is valid after Done.
func (p *Process) OverLimit() string { return p.runner.overLimit }

// Close ends a plugin in which tasks may still run: it hangs up, asks the process group
// to terminate, and kills it when ctx ends. It returns after Done.
func (p *Process) Close(ctx context.Context) {
	_ = p.runner.conn.Close()
	p.runner.hangUp()
	_ = p.runner.group.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-ctx.Done():
		p.Kill()
	}
}

// Dismiss ends a plugin in which no task runs. One that said that it is expendable then is
// killed: to end by itself it would wake several threads first, for a third of the time
// that its end takes. For another it is Close.
func (p *Process) Dismiss(ctx context.Context) {
	if p.runner.expendable {
		p.Kill()
	} else {
		p.Close(ctx)
	}
}

// Kill kills the whole process group. It returns after Done.
func (p *Process) Kill() {
	p.runner.kill()
	<-p.done
}

// minimalEnv is what every plugin gets of the host's environment.
func minimalEnv() []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch {
		case name == "PATH", name == "HOME", name == "TMPDIR", name == "TZ", name == "LANG", name == "LANGUAGE",
			strings.HasPrefix(name, "LC_"),
			isWindowsBasic(name):
			env = append(env, entry)
		}
	}
	return env
}

// isWindowsBasic names what no Windows program starts without.
func isWindowsBasic(name string) bool {
	switch strings.ToUpper(name) {
	case "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "LOCALAPPDATA", "PATHEXT", "COMSPEC":
		return true
	default:
		return false
	}
}

// inside reports whether path lies in dir, without "..".
func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
