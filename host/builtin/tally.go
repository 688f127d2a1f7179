package builtin

import "time"

// check is the outcome of one check of an endpoint.
type check struct {
	status string // of a success
	err    error  // of a miss
	took   time.Duration
}

// tally sums checks up. The zero tally is empty.
type tally struct {
	checks, misses int
	row            int // misses in a row, up to the last check
	last           string
	min, max, sum  time.Duration // over the successes
}

func (t *tally) add(c check) {
	t.checks++
	if c.err != nil {
		t.misses++
		t.row++
		t.last = c.err.Error()
		return
	}
	t.row = 0
	t.last = c.status
	if t.sum += c.took; t.checks-t.misses == 1 {
		t.min = c.took
	}
	t.min = min(t.min, c.took)
	t.max = max(t.max, c.took)
}

func (t *tally) result() ProbeResult {
	r := ProbeResult{Checks: t.checks, Misses: t.misses, Last: t.last}
	if hits := t.checks - t.misses; hits > 0 {
		r.Latency = Latency{Min: ms(t.min), Mean: ms(t.sum / time.Duration(hits)), Max: ms(t.max)}
	}
	return r
}

// ms is d in milliseconds, to the microsecond.
func ms(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}
