package eventloop

import "time"

// timers is a heap of sleeping coroutines, the earliest deadline first, and of
// equal deadlines the one that was pushed first. Each entry has up to four
// children, at 4i+1 and after: fewer cache misses than two when there are many.
// A coroutine's slot is its index here plus one, 0 when it is not here.
//
// Who is removed before the deadline leaves an entry without a coroutine, never the
// first one. These are swept out when they are the most, so that to remove a million
// takes a few steps each.
type timers struct {
	entries []timer
	empty   int // entries without a coroutine
	pushed  uint64
}

type timer struct {
	at    time.Duration // on the loop's clock
	order uint64
	c     *Coroutine // nil: removed
}

func (t timer) before(u timer) bool {
	return t.at < u.at || t.at == u.at && t.order < u.order
}

func (h *timers) len() int { return len(h.entries) - h.empty }

// first is the earliest deadline; there must be one.
func (h *timers) first() time.Duration { return h.entries[0].at }

// push adds c with the deadline at.
func (h *timers) push(c *Coroutine, at time.Duration) {
	h.pushed++
	h.entries = append(h.entries, timer{})
	h.rise(len(h.entries)-1, timer{at, h.pushed, c})
}

// pop takes out the first; there must be one.
func (h *timers) pop() *Coroutine {
	c := h.entries[0].c
	h.vacate(c)
	return c
}

// remove takes out c, which must be in.
func (h *timers) remove(c *Coroutine) {
	h.vacate(c)
	if h.empty > len(h.entries)/2 {
		h.sweep()
	}
}

// vacate takes c out of its entry.
func (h *timers) vacate(c *Coroutine) {
	h.entries[c.slot-1].c = nil
	c.slot = 0
	h.empty++
	for len(h.entries) > 0 && h.entries[0].c == nil {
		h.drop()
	}
}

// drop takes out the first entry, which has no coroutine.
func (h *timers) drop() {
	end := len(h.entries) - 1
	last := h.entries[end]
	h.entries[end] = timer{}
	h.entries = h.entries[:end]
	h.empty--
	if end > 0 {
		h.sink(0, last)
	}
}

// sweep takes out all entries without a coroutine.
func (h *timers) sweep() {
	full := h.entries[:0]
	for _, t := range h.entries {
		if t.c != nil {
			full = append(full, t)
			t.c.slot = int32(len(full))
		}
	}
	clear(h.entries[len(full):])
	h.entries, h.empty = full, 0
	for i := (len(full) - 2) / 4; i >= 0; i-- {
		h.sink(i, full[i])
	}
}

// rise puts t in place of the entry at i or, while that is later, of one above.
func (h *timers) rise(i int, t timer) {
	for i > 0 {
		parent := (i - 1) / 4
		if !t.before(h.entries[parent]) {
			break
		}
		h.put(i, h.entries[parent])
		i = parent
	}
	h.put(i, t)
}

// sink puts t in place of the entry at i or, while that is earlier, of one below.
func (h *timers) sink(i int, t timer) {
	for {
		least := 4*i + 1
		if least >= len(h.entries) {
			break
		}
		for child := least + 1; child < min(4*i+5, len(h.entries)); child++ {
			if h.entries[child].before(h.entries[least]) {
				least = child
			}
		}
		if !h.entries[least].before(t) {
			break
		}
		h.put(i, h.entries[least])
		i = least
	}
	h.put(i, t)
}

func (h *timers) put(i int, t timer) {
	h.entries[i] = t
	if t.c != nil {
		t.c.slot = int32(i) + 1
	}
}
