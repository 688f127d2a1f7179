package supervision

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hostelry-run/hostelry/host"
)

// Tasks of any mode need those of any other: each begins when what it needs is up,
// and is asked to stop when what needs it has stopped. The tasks themselves say so.
func TestNeedsAcrossModes(t *testing.T) {
	eachOrder(t, func(t *testing.T, modes []host.Mode) {
		g := newRig(t)
		slow := actor{Act: "wait", MS: 100}
		web := g.add("web", modes[2], slow, needs("app"))
		g.add("app", modes[1], slow, needs("db"))
		g.add("db", modes[0], slow)
		g.start()
		g.awaitReady(web, 1)
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		var got []string
		for _, e := range g.traced() {
			got = append(got, fmt.Sprint(e.id, " ", e.word))
		}
		want := []string{
			"db begin", "db ready", "app begin", "app ready", "web begin", "web ready",
			"web asked", "web end", "app asked", "app end", "db asked", "db end",
		}
		if !slices.Equal(got, want) {
			t.Errorf("they say %q, want %q", got, want)
		}
	})
}
