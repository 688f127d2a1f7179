package host

import (
	"context"
	"errors"
	"time"
)

// again is how long a pool waits after one of its waiting processes has died or did not
// start: a plugin that cannot run is to cost little, and one that waited for a minute
// could.
func again() Restart { return Restart{Max: Unlimited, Initial: time.Second}.withDefaults() }

// refill has as many processes wait as there are to be. It does not block.
func (p *pool) refill() {
	p.processes.mu.Lock()
	defer p.processes.mu.Unlock()
	if p.warm == 0 || p.processes.ctx.Err() != nil {
		return
	}
	if p.unfill == nil {
		var ctx context.Context
		ctx, p.unfill = context.WithCancel(p.processes.ctx)
		wake := make(chan struct{}, 1)
		p.wake = wake
		p.processes.wait.Go(func() { p.fill(ctx, wake) })
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// fill launches processes that are to wait, one after the other, as the machine may have
// better things to do. It ends with ctx.
func (p *pool) fill(ctx context.Context, wake <-chan struct{}) {
	var b budget
	for ctx.Err() == nil {
		w, ill, since := p.next(ctx)
		switch {
		case ill:
			select {
			case <-time.After(b.spend(again(), since)):
			case <-ctx.Done():
			}
		case w != nil:
			w.launchInTime(ctx)
		default:
			select {
			case <-wake:
			case <-ctx.Done():
			}
		}
	}
}

// next is a process to launch, or nil; or it says that there is a reason to wait. After
// ctx there is none: the pool may have another fill by then.
func (p *pool) next(ctx context.Context) (w *worker, ill bool, since time.Time) {
	p.processes.mu.Lock()
	defer p.processes.mu.Unlock()
	if ctx.Err() != nil {
		return nil, false, time.Time{}
	}
	ill, p.ill = p.ill, false
	if !ill && p.waitingLocked() < p.warm {
		w = p.newWorkerLocked()
	}
	return w, ill, p.since
}

// errUnwanted ends the launch of a process that is to wait no more.
var errUnwanted = errors.New("it is not wanted any more")

// launchInTime is launch within the start timeout, and while ctx lasts, unless an attempt
// waits for it by then.
func (w *worker) launchInTime(ctx context.Context) {
	p := w.pool
	p.processes.mu.Lock()
	w.proves = true
	timeout := p.timeout
	p.processes.mu.Unlock()
	slow := time.AfterFunc(timeout, func() { w.dismiss(startTimeoutError(timeout)) })
	defer slow.Stop()
	defer context.AfterFunc(ctx, func() { w.dismiss(errUnwanted) })()
	w.launch()
}

// dismiss cancels the launch of a process that nobody is in. Who is has a time of his own.
func (w *worker) dismiss(cause error) {
	p := w.pool
	p.processes.mu.Lock()
	defer p.processes.mu.Unlock()
	if w.seats == 0 && !w.isUp() {
		p.dropLocked(w)
		w.cancel(cause)
	}
}

// waitingLocked is how many processes wait, or are about to.
func (p *pool) waitingLocked() int {
	n := 0
	for _, w := range p.workers {
		if w.seats == 0 && w.servesLocked() {
			n++
		}
	}
	return n
}

// grieve says that a waiting process is lost, since when it had waited, and has another
// one come, but not at once.
func (p *pool) grieve(message string, since time.Time, attrs ...any) {
	if p.processes.ctx.Err() != nil {
		return // the run is over
	}
	p.logger().Warn(message, attrs...)
	p.processes.mu.Lock()
	p.ill, p.since = true, since
	p.processes.mu.Unlock()
	p.refill()
}
