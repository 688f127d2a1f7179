package host

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// makeup is all that makes a process what it is for who runs in it: one is as good as
// another of the same makeup.
type makeup struct {
	plugin string // its name, or "" for this program
	path   string // of the executable, another one for each content of the plugin's file
	file   string // of which it is a copy, or ""
	env    string // K=V, joined by NUL
	bounds bounds
	share  Share
	max    int
}

func makeupOf(j *job) (makeup, error) {
	path, err := executable(j.kind)
	return makeup{
		plugin: j.kind.Plugin, path: path, file: j.kind.File(), env: strings.Join(j.env.list(), "\x00"),
		bounds: j.bounds, share: j.seats.share, max: j.seats.max,
	}, err
}

// pool is the processes of one makeup that have a seat for another attempt, or may have
// one again. With ShareTask these are those that wait: who has one to itself uses it up.
type pool struct {
	makeup
	processes *processes
	config    *config

	// Under the lock of processes:
	workers []*worker          // in the order of their launch
	warm    int                // how many are to wait
	timeout time.Duration      // of the launch of one that is to wait
	unfill  context.CancelFunc // ends fill; nil while none runs
	wake    chan<- struct{}    // buffered: fill is to look again
	ill     bool               // one that waited has died, or did not start,
	since   time.Time          // after it had waited since then, or zero
}

// take gives an attempt a seat, in a process that has one or in a new one, for whose
// launch it waits until ctx ends. The caller gives it back. An error is the launch's.
func (p *processes) take(ctx context.Context, c *call) (*seat, error) {
	m, err := makeupOf(c.job)
	if err != nil {
		return nil, err
	}
	var logger *slog.Logger
	if m.share == ShareTask {
		logger = task.Logger(c.ctx) // its making may run code that is not ours: not under the lock
	}
	current := isCurrent(c.config.catalog, c.job.kind)
	p.mu.Lock()
	s, launch := p.poolLocked(m, c, current).seatLocked(c, logger)
	if launch {
		p.wait.Go(s.worker.launch) // ends when it is up, or the last one that waits for it gives up
	}
	p.mu.Unlock()
	return s.await(ctx)
}

// isCurrent reports whether a kind is of the version of its plugin that the catalog has,
// and not of one that Reload has left a task with.
func isCurrent(c *catalog.Catalog, k *catalog.Kind) bool {
	if k.IsBuiltIn() {
		return true
	}
	now, err := c.Find(k.Plugin + "/" + k.Name)
	return err == nil && now.Executable() == k.Executable()
}

// poolLocked is the pool of a makeup. A process for one attempt alone has one that
// nobody else finds. Of a plugin's current version, and of no other one, processes wait.
func (p *processes) poolLocked(m makeup, c *call, current bool) *pool {
	if current {
		p.renewedLocked(m)
	}
	warm := c.job.seats.warm
	if !current {
		warm = 0
	}
	pl := p.pools[m]
	if pl == nil {
		pl = &pool{makeup: m, processes: p, config: c.config}
		if m.share == ShareTask && warm == 0 {
			return pl
		}
		p.pools[m] = pl
	}
	pl.timeout = max(pl.timeout, cmp.Or(c.job.startTimeout, c.config.startTimeout))
	pl.warm = max(pl.warm, warm)
	return pl
}

// renewedLocked ends what waits of a plugin's other versions.
func (p *processes) renewedLocked(m makeup) {
	if p.versions[m.plugin] == m.path {
		return
	}
	p.versions[m.plugin] = m.path
	for _, old := range p.pools {
		if old.plugin == m.plugin && old.path != m.path {
			old.retireLocked()
		}
	}
}

// seatLocked gives an attempt a seat. It reports whether the process is still to be
// launched.
func (p *pool) seatLocked(c *call, logger *slog.Logger) (s *seat, launch bool) {
	w := p.freeLocked()
	if launch = w == nil; launch {
		w = p.newWorkerLocked()
	}
	w.seats++
	w.output.mask.Learn(c.job.mask)
	if p.share == ShareTask {
		w.output.belongToTask(logger)
		p.dropLocked(w)
	}
	return &seat{worker: w, task: c.job.id, fresh: launch}, launch
}

// freeLocked finds a process with a seat: one that has attempts already, lest those that
// wait be used up; then one that waits, then one that is being launched. It is nil if
// there is none.
func (p *pool) freeLocked() *worker {
	var best *worker
	rank := 3
	for _, w := range p.workers {
		if p.max > 0 && w.seats >= p.max || !w.servesLocked() {
			continue
		}
		if r := w.rankLocked(); r < rank {
			best, rank = w, r
		}
	}
	return best
}

// dropLocked has nobody else take a seat in a process.
func (p *pool) dropLocked(w *worker) {
	w.dropped = true
	p.workers = slices.DeleteFunc(p.workers, func(other *worker) bool { return other == w })
	p.forgetLocked()
}

// forgetLocked drops the pool itself if nothing is in it, nor is to be.
func (p *pool) forgetLocked() {
	if len(p.workers) == 0 && p.warm == 0 && p.processes.pools[p.makeup] == p {
		delete(p.processes.pools, p.makeup)
	}
}

// retireLocked ends what waits in the pool, and has nothing wait any more.
func (p *pool) retireLocked() {
	p.warm = 0
	if p.unfill != nil {
		p.unfill()
		p.unfill = nil
	}
	for _, w := range slices.Clone(p.workers) {
		if w.seats == 0 && w.isUp() {
			p.dropLocked(w)
			p.processes.wait.Go(func() { w.end(min(farewell, p.config.grace)) }) // ends then
		}
	}
	p.forgetLocked()
}

// launchConfig is how the processes of the pool are launched.
func (p *pool) launchConfig(o *output) pluginproc.Config {
	if p.plugin != "" {
		now := time.Now()
		_ = os.Chtimes(p.path, now, now) // in use: the catalog removes old copies
	}
	var env []string
	if p.env != "" {
		env = strings.Split(p.env, "\x00")
	}
	if p.share == SharePlugin { // its stderr does not say who writes
		env = append(env, wire.LogKey+"="+wire.LogMessages)
	}
	return pluginproc.Config{
		Path: p.path, File: p.file, Env: env, Limits: p.bounds.each, Cgroup: p.bounds.all,
		Logger: o.logger(), Mask: o.mask, Keeper: p.processes.keeper, TLS: p.config.tls,
	}
}

// logger is the log of what is no task's.
func (p *pool) logger() *slog.Logger {
	l := p.config.logger
	if p.plugin != "" {
		l = l.With("plugin", p.plugin)
	}
	return l
}
