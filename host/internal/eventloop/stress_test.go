package eventloop

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

func TestStress(t *testing.T) {
	const coroutines, starters = 3000, 3
	l := New(Config{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := 0 // plain
	var wg sync.WaitGroup
	for starter := range uint64(starters) {
		wg.Go(func() {
			for i := range uint64(coroutines / starters) {
				l.Go("random", func(s task.Scheduler) {
					defer func() { ended++ }()
					behaveAtRandom(ctx, s, rand.New(rand.NewPCG(starter, i)))
				})
			}
		})
	}
	wg.Wait()
	l.Go("canceller", func(s task.Scheduler) {
		s.Sleep(ctx, 5*time.Millisecond)
		cancel()
	})
	l.Close()
	if ended != coroutines {
		t.Errorf("%d coroutines ended, want %d", ended, coroutines)
	}
}

func behaveAtRandom(ctx context.Context, s task.Scheduler, random *rand.Rand) {
	for range random.IntN(20) {
		switch random.IntN(12) {
		case 0, 1, 2:
			s.Yield()
		case 3, 4, 5:
			s.Sleep(ctx, time.Duration(random.IntN(2000))*time.Microsecond)
		case 6, 7:
			short, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(500))*time.Microsecond)
			s.Sleep(short, time.Hour)
			cancel()
		case 8:
			s.Await(func() {})
		case 9:
			s.Await(runtime.Gosched)
		case 10:
			s.Await(runtime.Goexit)
		case 11:
			runtime.Goexit()
		}
	}
}
