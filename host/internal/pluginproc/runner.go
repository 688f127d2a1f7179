package pluginproc

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/host/internal/cgroup"
	"github.com/hostelry-run/hostelry/host/internal/outpipe"
	"github.com/hostelry-run/hostelry/host/internal/procgroup"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// maxHandshake bounds the handshake line in bytes; a certificate in it has about a
// thousand.
const maxHandshake = 16 << 10

// dying is how long a plugin that cannot be reached may take to die by itself, and a log
// to take what was read already when the time for it was over.
const dying = time.Second

// pluginRunner is go-plugin's runner.Runner for one launch. go-plugin sees of the
// plugin's output the handshake line alone, and then the end of both streams, with
// which its four goroutines end; it never sees the process, and cannot miss its death
// or be confused by what it prints.
type pluginRunner struct {
	config Config
	dir    string // where the plugin may make its socket
	env    []string
	tail   *tail

	cgroup    *cgroup.Group    // in which the process is started, or nil; set by Start
	overLimit string           // the cgroup's limit that it reached; set by endCgroup
	group     *procgroup.Group // set by Start
	lifeline  *os.File         // the plugin's stdin, held open as long as the host lives
	files     [2]*os.File      // stdout and stderr, of which these are the pipes:
	stdout    *outpipe.Pipe
	stderr    *outpipe.Pipe
	readers   sync.WaitGroup
	dead      chan struct{}    // closed when the process was reaped
	ended     chan struct{}    // closed when its output was read, too
	launched  chan struct{}    // closed when Launch is through, with or without success
	discard   func()           // frees what the launch holds, after all that
	hangUp    func()           // closes the lifeline
	conn      *grpc.ClientConn // made by Start; it connects as soon as address is known
	located   chan struct{}    // closed once network, address and certificates are known
	network   string           // where the plugin listens: set by locate
	address   string
	// expendable says that the plugin has nothing to lose when no task runs: likewise.
	expendable bool
	// certificates are this launch's, or nil.
	certificates func() *tls.Config
	handshake    struct { // what go-plugin takes for the plugin's stdout
		r *io.PipeReader
		w *io.PipeWriter
	}

	mu         sync.Mutex
	started    bool
	killed     bool   // by this host
	endedSelf  bool   // the process ended, and this host had not killed it
	startErr   error  // why the process could not be started
	garbled    error  // why its first line was no handshake
	stranger   error  // who listens in the plugin's place
	dialErr    error  // why nobody could be reached at its address
	unfinished string // what it printed of a first line that had no end when it was killed
	closed     bool   // it closed its stdout before its first line had an end
}

func newRunner(c Config) *pluginRunner {
	r := &pluginRunner{
		config: c, tail: &tail{mask: c.Mask}, hangUp: func() {},
		dead: make(chan struct{}), ended: make(chan struct{}), located: make(chan struct{}), launched: make(chan struct{}),
	}
	r.handshake.r, r.handshake.w = io.Pipe()
	return r
}

// tls says whether the two sides prove themselves by certificates.
func (r *pluginRunner) tls() bool { return r.config.TLS || !wire.PeerKnown }

// prepare takes what go-plugin tells a plugin by its environment.
func (r *pluginRunner) prepare(env []string, dir string) {
	r.dir = dir
	if r.config.File != "" {
		env = append(env, "HOSTELRY_PLUGIN_FILE="+r.config.File)
	}
	r.env = slices.Concat(minimalEnv(), r.config.Env, env, r.config.Keeper.Env(), []string{wire.LifelineKey + "=stdin"})
}

// Start implements runner.Runner. go-plugin calls it once.
func (r *pluginRunner) Start(context.Context) error {
	err := r.start()
	r.noteStart(err)
	if err != nil {
		return err
	}
	err = r.connect() // while the plugin starts
	go r.watch()
	return err
}

func (r *pluginRunner) noteStart(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.startErr, r.started = err, err == nil
	if r.started && r.killed { // before there was anything to kill
		r.group.Kill()
	}
}

func (r *pluginRunner) start() (err error) {
	var files [6]*os.File // stdin, stdout, stderr: read end, write end
	for i := 0; i < len(files); i += 2 {
		if files[i], files[i+1], err = os.Pipe(); err != nil {
			closeAll(files[:])
			return err
		}
	}
	if err = r.makeCgroup(); err == nil {
		r.group, err = r.spawn(files[0], files[3], files[5])
	}
	if err != nil {
		closeAll(files[:])
		return err
	}
	r.config.Keeper.Add(r.group.Pid())
	closeAll([]*os.File{files[0], files[3], files[5]})
	r.lifeline, r.files = files[1], [2]*os.File{files[2], files[4]}
	r.stdout, r.stderr = outpipe.New(files[2], r.dead), outpipe.New(files[4], r.dead)
	r.hangUp = sync.OnceFunc(func() { _ = r.lifeline.Close() })
	r.readers.Go(r.readStdout) // both end with the streams, or when a dead process's are read
	r.readers.Go(r.readStderr)
	return nil
}

// spawn tries again, until the launch is given up, while the file is still open for
// writing somewhere: a child that another goroutine has forked, here or in another host,
// holds what its process was writing to until it executes its own program.
func (r *pluginRunner) spawn(stdin, stdout, stderr *os.File) (group *procgroup.Group, err error) {
	path, args, env, err := r.config.Limits.Wrap(r.config.Path, []string{cmp.Or(r.config.File, r.config.Path)}, r.env)
	if err != nil {
		return nil, err
	}
	for {
		group, err = procgroup.Begin(&exec.Cmd{
			Path: path, Args: args, Env: env, Stdin: stdin, Stdout: stdout, Stderr: stderr,
			SysProcAttr: r.cgroup.Attr(),
		})
		if !errors.Is(err, syscall.ETXTBSY) || r.isGivenUp() {
			return group, tellSize(err, env)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (r *pluginRunner) isGivenUp() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.killed
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// watch sees the process through to its end and cleans up. It is the goroutine that
// ends with the process, and what it left in its pipes; Close, Kill and a launch that fails wait
// for it.
func (r *pluginRunner) watch() {
	r.group.Wait()
	r.config.Keeper.Remove(r.group.Pid())
	r.mu.Lock()
	r.endedSelf = !r.killed
	r.mu.Unlock()
	close(r.dead)
	if r.conn != nil {
		_ = r.conn.Close() // ends every stream, also one that a grandchild holds open
	}
	r.stdout.Wake()
	r.stderr.Wake()
	r.awaitReaders()
	r.hangUp()
	_ = r.handshake.w.Close()
	close(r.ended)
	<-r.launched
	r.discard()
}

// awaitReaders waits until what the dead plugin has left is read. A log that hangs does
// not keep a process from its end: its reader outlives it, until the log's handler returns.
func (r *pluginRunner) awaitReaders() {
	read := make(chan struct{})
	go func() { // ends with the readers
		r.readers.Wait()
		closeAll(r.files[:])
		close(read)
	}()
	timer := time.NewTimer(outpipe.LastWords + dying)
	defer timer.Stop()
	select {
	case <-read:
	case <-timer.C:
	}
}

// removeSocket removes the directory of the plugin's socket. Most often there is nothing
// else in it, and then two calls do, not nine.
func (r *pluginRunner) removeSocket() {
	if filepath.Dir(r.address) == r.dir { // lest a link in between lead elsewhere
		_ = os.Remove(r.address)
	}
	if err := os.Remove(r.dir); err != nil {
		_ = os.RemoveAll(r.dir)
	}
}

// kill kills the process group, also one that is only about to start.
func (r *pluginRunner) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.killed = true
	if r.started {
		r.group.Kill()
	}
}

// awaitDying lets a plugin that hung up before it served die by itself: most often
// it is dying already, and how it does says more.
func (r *pluginRunner) awaitDying(ctx context.Context) {
	if !r.hasStarted() {
		return
	}
	timer := time.NewTimer(dying)
	defer timer.Stop()
	select {
	case <-r.dead:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// awaitEnd waits until the process, if it was started, is dead and its output
// read.
func (r *pluginRunner) awaitEnd() {
	if r.hasStarted() {
		<-r.ended
	}
}

func (r *pluginRunner) hasStarted() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.started
}

// readStdout gives go-plugin the handshake line and logs what follows. A first
// line that is no handshake is the end of the launch.
func (r *pluginRunner) readStdout() {
	lines := newLineReader(r.stdout, r.config.Mask)
	first, err := lines.next()
	if err != nil && r.broke(first.text) {
		return
	}
	handshake, err := r.shake(first.text)
	if err != nil {
		r.mu.Lock()
		r.garbled = err
		r.mu.Unlock()
		r.kill()
		return
	}
	r.locate(handshake)
	_, _ = fmt.Fprintln(r.handshake.w, handshake) // as it was understood here
	_ = r.handshake.w.Close()
	copyPlain(r.config.Logger, "stdout", lines)
}

// broke notes how stdout ended without the end of a first line, and reports whether
// there is no handshake in what came of it.
func (r *pluginRunner) broke(text []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed {
		r.unfinished = string(text)
	} else {
		r.closed = true // or it ends: then watch says how
	}
	return r.killed || len(text) == 0
}

// shake reads the first line, and refuses what this launch cannot use.
func (r *pluginRunner) shake(line []byte) (wire.Handshake, error) {
	if len(line) > maxHandshake { // go-plugin would not read it either
		return wire.Handshake{}, fmt.Errorf("its first line is longer than %d bytes: %.80q... %w", maxHandshake, line, wire.ErrNoHandshake)
	}
	h, err := wire.ParseHandshake(string(line))
	switch {
	case err != nil:
	case r.tls() && len(h.Cert) == 0:
		err = errors.New("it shows no certificate, which this host demands")
	case !r.tls() && len(h.Cert) > 0:
		err = errors.New("it shows a certificate, for which this host did not ask")
	}
	return h, err
}

// locate lets dial begin, if the plugin listens where it may: else go-plugin fails, by
// PluginToHost. With certificates dial waits until go-plugin has loaded the plugin's.
func (r *pluginRunner) locate(h wire.Handshake) {
	if _, _, err := r.PluginToHost(h.Network, h.Address); err != nil {
		return
	}
	r.network, r.address, r.expendable = h.Network, h.Address, h.Expendable
	if !r.tls() {
		close(r.located)
	}
}

func (r *pluginRunner) readStderr() {
	copyLog(r.config.Logger, r.tail, newLineReader(r.stderr, r.config.Mask))
}

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
