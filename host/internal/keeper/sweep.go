package keeper

import "sync"

// sweeper ends marked processes by a look at each process of the system, one for all who
// ask while another is under way. The looks would else take what the wards take that end
// side by side times the processes that they are.
type sweeper struct {
	mu   sync.Mutex
	next *look // that has not begun, or nil

	looking sync.Mutex
}

// look is one look at each process.
type look struct {
	marks []string
	over  bool // under looking
}

// sweep kills who carries mark, as killMarked does.
func (s *sweeper) sweep(mark string) {
	mine := s.join(mark)
	s.looking.Lock()
	defer s.looking.Unlock()
	if mine.over {
		return
	}
	s.mu.Lock()
	s.next = nil
	s.mu.Unlock()
	killMarked(mine.marks...)
	mine.over = true
}

func (s *sweeper) join(mark string) *look {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = new(look)
	}
	s.next.marks = append(s.next.marks, mark)
	return s.next
}
