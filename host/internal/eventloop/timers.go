package eventloop

import "time"

// timers is a heap of sleeping coroutines, the earliest deadline first, and of
// equal deadlines the one that was pushed first. Each entry has up to four
// children, at 4i+1 and after: fewer cache misses than two when there are many.
// A coroutine's slot is its index here plus one, 0 when it is not here.
type timers struct {
	entries []timer
	pushed  uint64
}

type timer struct {
	at    time.Duration // on the loop's clock
	order uint64
	c     *Coroutine
}

func (t timer) before(u timer) bool {
	return t.at < u.at || t.at == u.at && t.order < u.order
}

func (h *timers) len() int { return len(h.entries) }

// first is the earliest deadline; there must be one.
func (h *timers) first() time.Duration { return h.entries[0].at }

// push adds c with the deadline c.wakeAt.
func (h *timers) push(c *Coroutine) {
	h.pushed++
	h.entries = append(h.entries, timer{})
	h.rise(len(h.entries)-1, timer{c.wakeAt, h.pushed, c})
}

// remove takes out the entry at index i.
func (h *timers) remove(i int) *Coroutine {
	c := h.entries[i].c
	c.slot = 0
	end := len(h.entries) - 1
	last := h.entries[end]
	h.entries[end] = timer{}
	h.entries = h.entries[:end]
	if i < end {
		h.sink(h.rise(i, last), last)
	}
	return c
}

// rise puts t in place of the entry at i or, while that is later, of one above,
// and returns where.
func (h *timers) rise(i int, t timer) int {
	for i > 0 {
		parent := (i - 1) / 4
		if !t.before(h.entries[parent]) {
			break
		}
		h.put(i, h.entries[parent])
		i = parent
	}
	h.put(i, t)
	return i
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
	t.c.slot = int32(i) + 1
}
