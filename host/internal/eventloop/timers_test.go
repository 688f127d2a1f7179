package eventloop

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestTimersAgainstASortedList(t *testing.T) {
	for seed := range uint64(50) {
		testTimers(t, seed)
	}
}

// testTimers pushes and removes at random, in the heap and in a plain list.
func testTimers(t *testing.T, seed uint64) {
	t.Helper()
	var (
		random = rand.New(rand.NewPCG(seed, 0))
		heap   timers
		list   []*Coroutine // in order of deadline, then of arrival
		at     = make(map[*Coroutine]time.Duration)
	)
	for range 500 {
		switch {
		case random.IntN(3) > 0 || len(list) == 0:
			c := new(Coroutine)
			at[c] = time.Duration(random.IntN(40))
			heap.push(c, at[c])
			i := len(list)
			for i > 0 && at[list[i-1]] > at[c] {
				i--
			}
			list = slices.Insert(list, i, c)
		default:
			i := random.IntN(2) * random.IntN(len(list)) // the first, half of the time
			c := list[i]
			list = slices.Delete(list, i, i+1)
			if heap.remove(c); c.slot != 0 {
				t.Fatalf("seed %d: %v was not removed", seed, c)
			}
		}
		if len(list) != heap.len() || len(list) > 0 && heap.entries[0].c != list[0] {
			t.Fatalf("seed %d: the heap's first is not the list's", seed)
		}
	}
	for _, c := range list {
		if got := heap.pop(); got != c {
			t.Fatalf("seed %d: took out %v, want %v", seed, got, c)
		}
	}
}
