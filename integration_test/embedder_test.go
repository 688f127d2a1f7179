package integration_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// embedding is what embedder is to do: its stdin, as JSON.
type embedding struct {
	Plugins string
	Cache   string
	Tasks   []job
}

type job struct {
	ID, Kind string
	Config   fields
	Share    string // or "" for the default
	Warm     int
}

// embedder is a program that embeds a host with default settings. It prints a line
// once all tasks are running, and then goes on until the run ends or it is killed.
func embedder() int {
	var e embedding
	if err := json.NewDecoder(os.Stdin).Decode(&e); err != nil {
		return complain(err)
	}
	ctx := context.Background()
	c := new(catalog.Catalog)
	if err := c.Load(ctx, e.Plugins, catalog.WithCacheDir(e.Cache)); err != nil {
		return complain(err)
	}
	r, err := host.New(host.WithCatalog(c), host.WithMode(host.Process), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return complain(err)
	}
	for _, j := range e.Tasks {
		share, err := host.ParseShare(cmp.Or(j.Share, host.ShareTask.String()))
		if err != nil {
			return complain(err)
		}
		if _, err := r.Add(host.Spec{ID: j.ID, Kind: j.Kind, Config: j.Config, Share: share, Warm: j.Warm}); err != nil {
			return complain(err)
		}
	}
	events := r.Events(ctx)
	if err := r.Start(ctx); err != nil {
		return complain(err)
	}
	ready := 0
	for event := range events {
		if event.Type == host.EventReady {
			ready++
		}
		if ready == len(e.Tasks) {
			break
		}
	}
	fmt.Println("all are running")
	if err := r.Wait(ctx); err != nil {
		return complain(err)
	}
	return 0
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
