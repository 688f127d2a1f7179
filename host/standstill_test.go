package host_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// standstillLimit is the watchdog of the tasks of standstill.
const standstillLimit = time.Second

// standstillTasks are how many tasks of each mode it has.
const standstillTasks = 4

func init() { programs["standstill"] = standstill }

// standstill is a host with healthy tasks in each mode. It says when they run, and
// then how each has ended.
func standstill() int {
	r, err := host.New(host.WithKinds(kinds()...), host.WithPolicy(host.LogOnly),
		host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for i := range standstillTasks * len(host.Modes()) {
		m := host.Modes()[i%len(host.Modes())]
		s := host.Spec{
			ID: fmt.Sprint(m, "-", i), Kind: "beat", Config: config{N: 40, For: standstillLimit / 10}, Mode: m, Watchdog: standstillLimit,
		}
		if m == host.Process {
			s.Env.FromHost = []string{"GORACE"}
		}
		if _, err := r.Add(s); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	events := r.Events(context.Background())
	if err := r.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() { _ = r.Wait(context.Background()) }() // ends with the run
	running := 0
	for e := range events {
		switch {
		case e.State.Ended():
			fmt.Println(e.State, e.Err)
		case e.Type == host.EventState && e.State == host.StateRunning:
			if running++; running == len(r.Handles()) {
				fmt.Println("all run")
			}
		}
	}
	return 0
}
