package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Example: two visits of a page, of which the second is the last request, and one
// when the database has gone.
func Example() {
	ours, theirs := net.Pipe()
	answered := make(chan struct{})
	go func() { // ends with the connection
		defer close(answered)
		lines := bufio.NewScanner(theirs)
		for n := 1; lines.Scan(); n++ {
			fmt.Fprintln(theirs, n)
		}
	}()
	a := &api{config: config{Requests: 2}, served: make(chan struct{}), database: ours, answers: bufio.NewReader(ours)}
	visit := func() {
		w := httptest.NewRecorder()
		a.handler(context.Background()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/home", nil))
		fmt.Println(w.Code, w.Body)
	}
	visit()
	visit()
	<-a.served
	ours.Close()
	<-answered
	visit()
	// Output:
	// 200 visit 1
	//
	// 200 visit 2
	//
	// 503 no database
}
