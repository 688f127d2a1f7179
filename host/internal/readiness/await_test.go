package readiness_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/readiness"
)

var errOver = errors.New("start timeout of 1s is over")

// awaitInVain awaits for a second of a bubble's time, in which a check whose
// tries take none is tried five times, and wants an error that ends as given.
func awaitInVain(t *testing.T, check readiness.Check, want string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errOver)
		defer cancel()
		err := check.Await(ctx)
		if !errors.Is(err, errOver) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("error is %q, want it to end in %q", err, want)
		}
	})
}

// awaitFrom wants the check to fail at first, and to pass 50 ms after up, which
// makes it so, was called.
func awaitFrom(t *testing.T, check readiness.Check, up func()) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		passed := make(chan error, 1)
		go func() { passed <- check.Await(t.Context()) }() // ends with the check
		synctest.Wait()
		select {
		case err := <-passed:
			t.Fatalf("passed before it could, with %v", err)
		default:
		}
		up()
		if err := <-passed; err != nil || time.Since(begin) != 50*time.Millisecond {
			t.Errorf("passed with %v after %v", err, time.Since(begin))
		}
	})
}

func TestAwaitWhatItCannotSee(t *testing.T) {
	awaitInVain(t, readiness.Check{}, "is over (waiting for task.Ready)")
	awaitInVain(t, readiness.Check{Log: regexp.MustCompile("up")}, `is over (waiting for log line matching "up")`)
}

func TestAwaitAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errOver)
	accepts := listen(t).Addr().String()
	err := readiness.Check{TCP: accepts}.Await(ctx)
	if want := "is over (last try: tcp " + accepts + ": no answer yet)"; !errors.Is(err, errOver) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error is %v, want it to end in %q", err, want)
	}
}

func TestTCP(t *testing.T) {
	l := listen(t)
	if err := (readiness.Check{TCP: l.Addr().String()}).Await(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if n, err := io.Copy(io.Discard, conn); n != 0 || err != nil { // ends when the check hangs up
		t.Errorf("the check sent %d bytes, %v", n, err)
	}
}

// serve starts a server that answers with the status that it holds.
func serve(t *testing.T, status int) (url string, answer *atomic.Int32, asked *atomic.Int32) {
	t.Helper()
	answer, asked = new(atomic.Int32), new(atomic.Int32)
	answer.Store(int32(status))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Method != http.MethodGet || r.URL.String() != "/health?deep=1" {
			t.Errorf("asked for %s %s", r.Method, r.URL)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(int(answer.Load()))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/health?deep=1", answer, asked
}

func TestHTTPStatus(t *testing.T) {
	for _, status := range []int{200, 204, 302, 399} {
		url, _, _ := serve(t, status)
		if err := (readiness.Check{HTTP: url}).Await(t.Context()); err != nil {
			t.Errorf("status %d: %v", status, err)
		}
	}
	for status, text := range map[int]string{400: "400", 404: "404", 503: "503"} {
		url, _, asked := serve(t, status)
		awaitInVain(t, readiness.Check{HTTP: url}, "is over (last try: http "+url+": status "+text+", not 200 to 399)")
		if n := asked.Load(); n != 5 {
			t.Errorf("the server was asked %d times in a second, want 5", n)
		}
	}
}

func TestHTTPPassesAtLast(t *testing.T) {
	url, answer, _ := serve(t, 500)
	awaitFrom(t, readiness.Check{HTTP: url}, func() { answer.Store(200) })
}

func TestHTTPLeavesTheBodyUnread(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done() // the body ends when the check hangs up
		close(gone)
	}))
	defer server.Close()
	if err := (readiness.Check{HTTP: server.URL}).Await(t.Context()); err != nil {
		t.Error(err)
	}
	<-gone
}

func TestHTTPSendsThePassword(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	base := strings.TrimPrefix(server.URL, "http://")
	if err := (readiness.Check{HTTP: "http://me:secret@" + base}).Await(t.Context()); err != nil {
		t.Error(err)
	}
	awaitInVain(t, readiness.Check{HTTP: "http://me:wrong@" + base}, "http://me:xxxxx@"+base+": status 401, not 200 to 399)")
}

func TestHTTPSWantsATrustedCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	check := readiness.Check{HTTP: server.URL}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errOver)
		defer cancel()
		if err := check.Await(ctx); !strings.Contains(err.Error(), "last try: "+check.String()+": tls: failed to verify certificate") {
			t.Error(err)
		}
	})
}

// A server that says nothing is left when ctx ends.
func TestHTTPEndsWithTheContext(t *testing.T) {
	l := listen(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	var conn net.Conn
	heard := make(chan error, 1)
	go func() { // ends with the connection
		var err error
		if conn, err = l.Accept(); err == nil {
			_, err = conn.Read(make([]byte, 1<<10)) // the request
		}
		cancel(errOver)
		heard <- err
	}()
	err := readiness.Check{HTTP: "http://" + l.Addr().String()}.Await(ctx)
	if !errors.Is(err, errOver) || !strings.HasSuffix(err.Error(), ": no answer yet)") {
		t.Errorf("error is %v", err)
	}
	if err := <-heard; err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.Copy(io.Discard, conn); err != nil { // ends when the check hangs up
		t.Error(err)
	}
}
