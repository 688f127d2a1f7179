package builtin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/shared/task"
)

const soon = builtin.Duration(time.Millisecond)

// serve answers each request in turn with the next status, and then with the
// last one.
func serve(t *testing.T, statuses ...int) string {
	t.Helper()
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("a probe sent %s", r.Method)
		}
		i := min(int(n.Add(1)), len(statuses)) - 1
		w.WriteHeader(statuses[i])
		fmt.Fprintln(w, "body")
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// refused is a host:port on which nobody listens.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func resultOf(t *testing.T, r *running) builtin.ProbeResult {
	t.Helper()
	var result builtin.ProbeResult
	if err := json.Unmarshal(r.result, &result); err != nil {
		t.Fatalf("result %s: %v", r.result, err)
	}
	return result
}

func TestProbeHTTP(t *testing.T) {
	r := start(t, "probe", builtin.ProbeConfig{URL: serve(t, 204, 500, 304), Interval: soon, Count: 3})
	<-r.done
	if r.err != nil || !r.isReady {
		t.Errorf("ended with %v, ready: %v", r.err, r.isReady)
	}
	for i, want := range []string{
		`^1/3 204 No Content [0-9.]+(µs|ms)$`,
		`^2/3 miss 1/3: 500 Internal Server Error$`,
		`^3/3 304 Not Modified [0-9.]+(µs|ms)$`,
	} {
		if !regexp.MustCompile(want).MatchString(r.progress[i]) {
			t.Errorf("progress %d is %q, want %s", i, r.progress[i], want)
		}
	}
	got := resultOf(t, r)
	if got.Checks != 3 || got.Misses != 1 || got.Last != "304 Not Modified" {
		t.Errorf("result is %+v", got)
	}
	if l := got.Latency; l.Min <= 0 || l.Min > l.Mean || l.Mean > l.Max {
		t.Errorf("latency is %+v", l)
	}
}

func TestProbeTCP(t *testing.T) {
	address := strings.TrimPrefix(serve(t, 200), "http://")
	r := start(t, "probe", builtin.ProbeConfig{TCP: address, Interval: soon, Count: 2})
	<-r.done
	if r.err != nil || !strings.HasPrefix(r.progress[1], "2/2 connected ") {
		t.Errorf("ended with %v after %q", r.err, r.progress)
	}
}

func TestProbeOfOneCheckFailsWithIt(t *testing.T) {
	url := serve(t, 404)
	r := start(t, "probe", builtin.ProbeConfig{URL: url, Count: 1})
	<-r.done
	if r.err == nil || r.err.Error() != url+" missed: 404 Not Found" {
		t.Errorf("error is %v", r.err)
	}
}

func TestProbeTimesOut(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}))
	defer s.Close()
	r := start(t, "probe", builtin.ProbeConfig{URL: s.URL, Timeout: builtin.Duration(20 * time.Millisecond), Count: 1})
	<-r.done
	if r.err == nil || !strings.HasSuffix(r.err.Error(), "no answer within 20ms") {
		t.Errorf("error is %v", r.err)
	}
}

func TestProbeFollowsRedirectsOnlySoFar(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/once" {
			http.Redirect(w, r, "/good", http.StatusFound)
		} else if r.URL.Path != "/good" {
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	}))
	defer s.Close()
	for path, want := range map[string]string{"/once": "200 OK", "/loop": "stopped after 10 redirects"} {
		r := start(t, "probe", builtin.ProbeConfig{URL: s.URL + path, Count: 1})
		<-r.done
		if got := resultOf(t, r).Last; got != want {
			t.Errorf("%s: the last check is %q, want %q", path, got, want)
		}
	}
}

func TestProbeBlocksOffTheLoop(t *testing.T) {
	made, err := makeTask(t, "probe", builtin.ProbeConfig{URL: serve(t, 200), Count: 3})
	if err != nil {
		t.Fatal(err)
	}
	var l loop
	if _, err := made.Run(task.WithScheduler(t.Context(), &l)); err != nil {
		t.Error(err)
	}
	if n := l.awaits.Load(); n != 3 {
		t.Errorf("3 checks left the loop %d times", n)
	}
}

func TestProbeStoppedKeepsItsResult(t *testing.T) {
	r := start(t, "probe", builtin.ProbeConfig{URL: serve(t, 200), Interval: builtin.Duration(time.Hour)})
	r.waitFor(func() bool { return len(r.progress) == 1 })
	if err := r.stop(time.Minute); err != nil {
		t.Error(err)
	}
	if got := resultOf(t, r); !errors.Is(r.err, task.ErrStopped) || got.Checks != 1 || got.Last != "200 OK" {
		t.Errorf("ended with %+v, %v", got, r.err)
	}
}

func TestProbeStoppedDuringACheck(t *testing.T) {
	asked := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer s.Close()
	r := start(t, "probe", builtin.ProbeConfig{URL: s.URL})
	<-asked
	if err := r.stop(time.Minute); err != nil {
		t.Error(err)
	}
	if got := resultOf(t, r); !errors.Is(r.err, task.ErrStopped) || got.Checks != 0 || len(r.progress) != 0 {
		t.Errorf("ended with %+v, %v, progress %q", got, r.err, r.progress)
	}
}

func TestProbeConfigIsChecked(t *testing.T) {
	for want, config := range map[string]any{
		"give exactly one of url and tcp":            builtin.ProbeConfig{},
		"write it like http://localhost:8080/health": builtin.ProbeConfig{URL: "ftp://localhost/"},
		"write it like localhost:5432":               builtin.ProbeConfig{TCP: "localhost:99999"},
		"must not be negative":                       builtin.ProbeConfig{TCP: "localhost:1", Count: -1},
		`"soon" is not a duration`:                   map[string]any{"tcp": "localhost:1", "interval": "soon"},
	} {
		_, err := makeTask(t, "probe", config)
		if !errors.Is(err, task.ErrBadConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", config, err, want)
		}
	}
	both := builtin.ProbeConfig{URL: "http://localhost/", TCP: "localhost:1"}
	if _, err := makeTask(t, "probe", both); err == nil || !strings.Contains(err.Error(), "exactly one") {
		t.Errorf("url and tcp: %v", err)
	}
}

func TestProbeHidesAPassword(t *testing.T) {
	r := start(t, "probe", builtin.ProbeConfig{URL: "http://me:secret@" + refused(t) + "/", Count: 1})
	<-r.done
	if r.err == nil || strings.Contains(r.err.Error(), "secret") {
		t.Errorf("error is %v", r.err)
	}
}
