package host

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRoster: whoever comes and goes, in whatever order, also in the place of one that
// is gone, the list has those who are there in their order, and stays short; and what is
// walked over meanwhile stays as it was.
func TestRoster(t *testing.T) {
	var l roster[*Handle]
	var want []*Handle
	next := 0
	for range 20_000 {
		switch n := rand.IntN(5); {
		case n < 2 || len(want) == 0:
			h := &Handle{index: next}
			next++
			l.add(h)
			want = append(want, h)
		case n < 4:
			at := rand.IntN(len(want))
			want[at].gone = true
			l.left(1)
			want = slices.Delete(want, at, at+1)
		default:
			at := rand.IntN(len(want))
			before := l.list
			copied := slices.Clone(before)
			want[at].gone = true
			l.left(1)
			anew := &Handle{index: want[at].index}
			l.add(anew)
			same := func(a, b *Handle) bool { return a == b || a.gone && b == anew }
			if !slices.EqualFunc(copied, before, same) {
				t.Fatal("a list that may be walked over was changed")
			}
			want[at] = anew
		}
		if len(l.list) > 2*len(want)+1 {
			t.Fatalf("the list has %d places for %d", len(l.list), len(want))
		}
	}
	if got := l.clone(); !slices.Equal(got, want) {
		t.Errorf("%d are there, want %d, or in another order", len(got), len(want))
	}
}
