package host_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/hostelry-run/hostelry/host"
)

// Whatever comes together, from however many goroutines: every task that was
// added ends, and nothing else is left.
func TestAddsStopsAndFailuresFromManyGoroutines(t *testing.T) {
	for _, p := range host.Policies() {
		t.Run(p.String(), func(t *testing.T) {
			eachMode(t, func(t *testing.T, m host.Mode) {
				g := newRig(t, m, host.WithPolicy(p))
				g.add("nothing", config{}) // so that the run does not end before it has begun
				adders, each := 20, 20
				if m == host.Process {
					adders, each = 4, 2
				}
				var busy sync.WaitGroup
				for a := range adders {
					busy.Go(func() {
						for n := range each {
							kind := []string{"wait", "nothing", "stop-slowly", "count-stops", "fail"}[(a+n)%5]
							h, err := g.Add(g.spec(kind, config{Text: "x"}, fmt.Sprint(a), fmt.Sprint(n)))
							if err != nil && !errors.Is(err, host.ErrStopping) {
								t.Errorf("Add: %v", err)
							}
							if h != nil && n%3 == 0 {
								_ = h.Stop(t.Context())
							}
						}
					})
				}
				busy.Go(func() { _ = g.Run(t.Context()) })
				if adders > 4 {
					busy.Go(func() { _ = g.Wait(t.Context()) })
				}
				busy.Go(func() {
					g.await("an end", func(e host.Event) bool { return e.State.Ended() })
					_ = g.Stop(context.Background())
				})
				busy.Wait()
				_ = g.Stop(context.Background())
				for _, h := range g.Handles() {
					select {
					case <-h.Done():
					default:
						t.Errorf("%s is %v and not done", h.ID(), h.State())
					}
					if h.Err() == nil && h.State().Ended() == (h.Attempts() == 0) || h.State() == host.StateAbandoned {
						t.Errorf("%s is %v after %d attempts", h.ID(), h.State(), h.Attempts())
					}
				}
			})
		})
	}
}
