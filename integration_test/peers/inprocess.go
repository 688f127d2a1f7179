package main

// inProcess are the workloads of goroutine and async mode.
func inProcess() []workload {
	return []workload{
		noopGoroutine(), noopAsync(), yield(),
		parkedGoroutine(), parkedAsync(),
		sleepGoroutine(), sleepAsync(),
		chainGoroutine(), chainAsync(),
	}
}
