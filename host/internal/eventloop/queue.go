package eventloop

// queue is a first-in, first-out queue of coroutines, linked through themselves:
// a coroutine is in one queue at most. The zero queue is empty.
type queue struct {
	head, tail *Coroutine
	len        int
}

func (q *queue) push(c *Coroutine) {
	if q.head == nil {
		q.head = c
	} else {
		q.tail.link = c
	}
	q.tail = c
	q.len++
}

// pop takes the first; the queue must not be empty.
func (q *queue) pop() *Coroutine {
	c := q.head
	q.head, c.link = c.link, nil
	q.len--
	if q.head == nil {
		q.tail = nil
	}
	return c
}

// take moves all of other to the back of q.
func (q *queue) take(other *queue) {
	if other.head == nil {
		return
	}
	if q.head == nil {
		q.head = other.head
	} else {
		q.tail.link = other.head
	}
	q.tail = other.tail
	q.len += other.len
	*other = queue{}
}
