package readiness_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
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
