package main

import (
	"context"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// sleepers are so many tasks that sleep so often for so long, 100 ms in all if
// nothing but the sleeping took time.
const (
	sleepers = 10_000
	steps    = 100
	step     = time.Millisecond
)

func sleepGoroutine() workload {
	return sleep("sleep-goroutine", "10,000 tasks that sleep 100 times 1 ms in goroutine mode",
		side{name: "goroutine mode", run: addToDone(host.Goroutine, sleepers, inSteps(steps))})
}

func sleepAsync() workload {
	w := sleep("sleep-async", "10,000 tasks that sleep 100 times 1 ms in async mode",
		side{name: "async mode", run: addToDone(host.Async, sleepers, inSteps(steps))})
	w.sides = append(w.sides, python("asyncio", "sleeps", sleepers, steps))
	return w
}

func sleep(name, title string, ours side) workload {
	return workload{
		name: name, title: title,
		quantities: []quantity{{unit: seconds}},
		sides:      []side{ours, {name: "goroutines with timers", limit: true, run: sleepTimers(sleepers, steps)}},
	}
}

func inSteps(steps int) task.Func {
	return func(ctx context.Context) (any, error) {
		for range steps {
			if err := task.Sleep(ctx, step); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
}

// sleepTimers can be stopped as a task can: each goroutine waits for its timer, which
// it uses again, or for ctx.
func sleepTimers(tasks, steps int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		began := time.Now()
		var ended sync.WaitGroup
		for range tasks {
			ended.Go(func() { // ends after its steps, or with ctx
				timer := time.NewTimer(step)
				for range steps {
					select {
					case <-timer.C:
						timer.Reset(step)
					case <-ctx.Done():
						return
					}
				}
			})
		}
		ended.Wait()
		return since(began), nil
	}
}
