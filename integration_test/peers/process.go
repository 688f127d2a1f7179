package main

import (
	"fmt"
	"os"
)

// inPlugins are the workloads of process mode.
func inPlugins() []workload {
	return append([]workload{processLaunch(), processShipped(), processLaunchMany(), processProgressOne(), processProgressMany(),
		processSibling(), processResult(), processStop(), processCost()}, processShares()...)
}

// processRoles are the processes of the workloads' peers. The plugins of ours are
// this program too: see errands.
func processRoles() map[string]func() int {
	role := func(f func() error) func() int {
		return func() int {
			if err := f(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			return 0
		}
	}
	return map[string]func() int{
		"exit": role(func() error { return nil }), "stay": role(stay),
		"grpc": role(serveGRPC), "socket": role(serveSocket), "go-plugin": role(serveGoPlugin),
	}
}
