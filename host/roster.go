package host

import (
	"iter"
	"slices"
)

// roster is a list of tasks in the order of Add, under the runner's lock. It costs as
// much to take one out of a million as out of ten: who is gone is skipped, until most
// are. It may change while somebody walks over it: what is walked over stays as it is.
type roster[E member] struct {
	list []E
	gone int // that are in the list
}

// member is a *Handle, or has one.
type member interface{ handle() *Handle }

func (h *Handle) handle() *Handle { return h }

// all are the members that are not gone.
func (l *roster[E]) all() iter.Seq[E] {
	return func(yield func(E) bool) {
		if l == nil {
			return
		}
		for _, e := range l.list {
			if !e.handle().gone && !yield(e) {
				return
			}
		}
	}
}

// clone is all of them, for use without the lock.
func (l *roster[E]) clone() []E {
	return slices.AppendSeq(make([]E, 0, len(l.list)-l.gone), l.all())
}

// add adds a member, at its place: that of one with the same index which is gone, or
// else most often the last.
func (l *roster[E]) add(e E) {
	index := e.handle().index
	at := len(l.list)
	if at > 0 && l.list[at-1].handle().index >= index {
		at, _ = slices.BinarySearchFunc(l.list, index, func(e E, index int) int { return e.handle().index - index })
		if old := l.list[at].handle(); old.index == index && old.gone {
			l.list[at] = e
			l.gone--
			return
		}
	}
	if at < len(l.list) {
		l.list = slices.Clone(l.list)
	}
	l.list = slices.Insert(l.list, at, e)
}

// left takes note that n members are gone. It reports whether any are left.
func (l *roster[E]) left(n int) bool {
	l.gone += n
	if l.gone > len(l.list)/2 {
		l.list = slices.DeleteFunc(slices.Clone(l.list), func(e E) bool { return e.handle().gone })
		l.gone = 0
	}
	return len(l.list) > 0
}
