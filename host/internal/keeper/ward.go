package keeper

import (
	"crypto/rand"
	"log/slog"
)

// Ward is what ends alone, before its keeper does: it has a mark of its own. Make it with
// [Keeper.Join] or [Shared.Join], and close it. Its methods are called by one goroutine at
// a time.
type Ward struct {
	keeper *Keeper
	mark   string
	pgid   int // 0 for none

	shared *Shared      // whose keeper that is, or nil
	logger *slog.Logger // for it
}

// Join makes a ward. That of a nil Keeper does nothing.
func (k *Keeper) Join() *Ward { return &Ward{keeper: k, mark: rand.Text()} }

// Env is [Keeper.Env] with the ward's own mark as well.
func (w *Ward) Env() []string {
	env := w.keeper.Env()
	for i := range env {
		env[i] += markSeparator + w.mark
	}
	return env
}

// Add tells the keeper of the ward's process group, of which it has one at most.
func (w *Ward) Add(pgid int) {
	w.pgid = pgid
	w.keeper.Add(pgid)
}

// Close ends who carries the ward's mark. Its process group has ended.
func (w *Ward) Close() {
	switch {
	case w.keeper == nil:
	case w.shared != nil && w.shared.leave(w):
		w.keeper.Close() // which ends whoever carries its mark
	default:
		w.keeper.Remove(w.pgid)
		w.keeper.sweeper.sweep(w.mark)
	}
}
