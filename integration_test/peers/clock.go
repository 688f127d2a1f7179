package main

import (
	"fmt"
	"time"
)

// since is the time since then, as what a side measured.
func since(began time.Time) []float64 { return []float64{time.Since(began).Seconds()} }

// names are ids for so many tasks, made before the clock runs: an embedder has them.
func names(tasks int) []string {
	ids := make([]string, tasks)
	for i := range ids {
		ids[i] = fmt.Sprint("task-", i)
	}
	return ids
}
