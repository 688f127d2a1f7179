package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/hostelry-run/hostelry/shared/task"
)

// config is what the job file says.
type config struct {
	// Listen is where it serves.
	Listen string `json:"listen" jsonschema_description:"The host:port to serve at"`
	// Database is where its database serves.
	Database string `json:"database" jsonschema_description:"The host:port of the database"`
	// Requests ends the task after so many. 0 means never.
	Requests int64 `json:"requests,omitempty" jsonschema:"minimum=0,default=0" jsonschema_description:"The number of requests to serve, or 0 to serve until stopped"`
}

// apiKind is the kind of task that this plugin offers.
func apiKind() task.Kind {
	return task.NewKind("api", func(c config) (task.Task, error) { return &api{config: c, served: make(chan struct{})}, nil },
		task.WithDescription("counts visits, in a database"))
}

// api is the task and its handler of requests.
type api struct {
	config
	served chan struct{} // closed after the last request

	mu       sync.Mutex
	database net.Conn
	answers  *bufio.Reader
	done     int64
}

// result is what the task returns, after a stop too.
type result struct {
	Requests int64 `json:"requests"`
}

// Run serves until it has served enough, or is stopped. It is ready when it has its
// database and its port.
func (a *api) Run(ctx context.Context) (any, error) {
	var err error
	if a.database, err = new(net.Dialer).DialContext(ctx, "tcp", a.Database); err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	defer a.database.Close()
	a.answers = bufio.NewReader(a.database)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.Listen)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: a.handler(ctx)} //nolint:gosec // it serves an example, on loopback
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }() // ends with Shutdown, below
	task.Ready(ctx)
	select {
	case <-a.served:
	case <-ctx.Done():
	}
	err = server.Shutdown(context.WithoutCancel(ctx)) // requests under way are answered
	if failure := <-ended; !errors.Is(failure, http.ErrServerClosed) {
		err = errors.Join(err, failure)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return result{a.done}, err
}

// handler counts a visit of each page in the database.
func (a *api) handler(ctx context.Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits, err := a.visit(ctx, r.URL.Path)
		if err != nil {
			task.Logger(ctx).Error("the database does not answer", "error", err)
			http.Error(w, "no database", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "visit", visits)
	})
}

// visit asks the database to count.
func (a *api) visit(ctx context.Context, page string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := fmt.Fprintf(a.database, "INCR %q\n", page); err != nil {
		return "", err
	}
	answer, err := a.answers.ReadString('\n')
	if err != nil {
		return "", err
	}
	a.done++
	answer = strings.TrimSpace(answer)
	task.Progress(ctx, a.done, a.Requests, fmt.Sprintf("visit %s of %s", answer, page))
	if a.done == a.Requests {
		close(a.served)
	}
	return answer, nil
}
