package keeper

import (
	"log/slog"
	"sync"
)

// Shared is the keeper of wards without a host's: it runs while there are any. The zero
// Shared has none. Its methods are safe from any goroutine.
type Shared struct {
	mu     sync.Mutex
	keeper *Keeper // nil without wards
	wards  map[*Ward]struct{}
}

// Join makes a ward. logger hears, while the ward is not closed, if the keeper ends; of
// several wards one hears it.
func (s *Shared) Join(logger *slog.Logger) *Ward {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keeper == nil {
		s.wards = make(map[*Ward]struct{})
		s.keeper = start(s.logger)
	}
	w := s.keeper.Join()
	w.shared, w.logger = s, logger
	s.wards[w] = struct{}{}
	return w
}

// logger is that of any ward.
func (s *Shared) logger() *slog.Logger {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.wards {
		return w.logger
	}
	return slog.New(slog.DiscardHandler)
}

// leave reports whether w was the last one: then it is to close the keeper.
func (s *Shared) leave(w *Ward) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.wards, w); len(s.wards) > 0 {
		return false
	}
	s.keeper = nil
	return true
}
