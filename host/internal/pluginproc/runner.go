package pluginproc

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/host/internal/cgroup"
	"github.com/hostelry-run/hostelry/host/internal/outpipe"
	"github.com/hostelry-run/hostelry/host/internal/procgroup"
	"github.com/hostelry-run/hostelry/host/internal/rlimit"
	"github.com/hostelry-run/hostelry/shared/wire"
)

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
	report    *rlimit.Report   // of a process under limits, or nil; set by Start
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
	dialled   atomic.Bool      // there is one connection
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
	killed     bool    // by this host
	endedSelf  bool    // the process ended, and this host had not killed it
	startErr   error   // why the process could not be started
	garbled    error   // why its first line was no handshake
	stranger   error   // who listens in the plugin's place
	socket     *socket // the connection's, or nil
	dialErr    error   // why nobody could be reached at its address
	unfinished string  // what it printed of a first line that had no end when it was killed
	closed     bool    // it closed its stdout before its first line had an end
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
	for {
		cmd := &exec.Cmd{
			Path: r.config.Path, Args: []string{cmp.Or(r.config.File, r.config.Path)}, Env: r.env,
			Stdin: stdin, Stdout: stdout, Stderr: stderr, SysProcAttr: r.cgroup.Attr(),
		}
		if r.report, err = r.config.Limits.Wrap(cmd); err != nil {
			return nil, err
		}
		group, err = procgroup.Begin(cmd)
		r.report.Handed()
		if err == nil {
			return group, nil
		}
		_ = r.report.Err() // nothing
		if !errors.Is(err, syscall.ETXTBSY) || r.isGivenUp() {
			return nil, tellSize(err, cmd.Env)
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
	startErr := r.report.Err()
	r.mu.Lock()
	r.endedSelf, r.startErr = !r.killed, startErr
	r.mu.Unlock()
	close(r.dead)
	r.disconnect()
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
