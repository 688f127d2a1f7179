package main

import (
	"context"
	"strconv"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// newRunner makes a runner, with default settings otherwise, that knows one kind,
// "work", whose tasks run the function.
func newRunner(mode host.Mode, work task.Func) (*host.Runner, error) {
	kind := task.NewKind("work", func(struct{}) (task.Task, error) { return work, nil })
	return host.New(host.WithKinds(kind), host.WithMode(mode), host.WithGrace(time.Minute))
}

func startRunner(ctx context.Context, mode host.Mode, work task.Func) (*host.Runner, error) {
	r, err := newRunner(mode, work)
	if err != nil {
		return nil, err
	}
	return r, r.Start(ctx)
}

// addWork adds so many tasks to it.
func addWork(r *host.Runner, tasks int) error {
	for i := range tasks {
		if _, err := r.Add(host.Spec{ID: taskID(i), Kind: "work"}); err != nil {
			return err
		}
	}
	return nil
}

func taskID(i int) string { return "task-" + strconv.Itoa(i) }

// addToDone measures our tasks from the first Add to the last one's end.
func addToDone(mode host.Mode, tasks int, work task.Func) measurement {
	return func(ctx context.Context) ([]float64, error) {
		r, err := startRunner(ctx, mode, work)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if err := addWork(r, tasks); err != nil {
			return nil, err
		}
		if err := r.Wait(ctx); err != nil {
			return nil, err
		}
		return since(began), nil
	}
}

// since is the time since then, as what a side measured.
func since(began time.Time) []float64 { return []float64{time.Since(began).Seconds()} }
