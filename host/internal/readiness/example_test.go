package readiness_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/readiness"
)

func Example() {
	// A server that needs a moment until it is up.
	tries := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if tries++; tries < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()

	check := readiness.Check{HTTP: server.URL + "/health"}
	if err := check.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	fmt.Println(check.Await(ctx), tries)
	// Output: <nil> 3
}

func ExampleWatchLog() {
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	handler := slog.Handler(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: plain}))
	handler = readiness.WatchLog(handler, regexp.MustCompile(`^listening on`), func() { fmt.Println("ready") })

	log := slog.New(handler).With("task", "db")
	log.Info("loading")
	log.Info("listening on port 5432")
	log.Info("listening on port 5433")
	// Output:
	// level=INFO msg=loading task=db
	// level=INFO msg="listening on port 5432" task=db
	// ready
	// level=INFO msg="listening on port 5433" task=db
}
