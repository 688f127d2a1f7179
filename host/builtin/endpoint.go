package builtin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// maxBody is how much is read of an answer's header, and of its body, in bytes.
const maxBody = 64 << 10

// endpoint is what a probe checks.
type endpoint interface {
	// check returns what a success looked like, or why there was none, in few
	// words. It leaves no connection behind.
	check(ctx context.Context) (status string, err error)
	// String names the endpoint in errors.
	String() string
}

// httpEndpoint is an address to GET.
type httpEndpoint struct {
	url       *url.URL
	transport *http.Transport
}

func newHTTPEndpoint(address string) (endpoint, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("url %q is not an HTTP address: write it like http://localhost:8080/health", address)
	}
	return &httpEndpoint{url: u, transport: &http.Transport{
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxBody,
	}}, nil
}

func (e *httpEndpoint) String() string { return e.url.Redacted() }

func (e *httpEndpoint) check(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url.String(), nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("User-Agent", "hostelry-probe")
	client := http.Client{Transport: e.transport}
	defer e.transport.CloseIdleConnections() // ends a dial that outlives its request, too
	response, err := client.Do(request)
	if err != nil {
		return "", reason(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, maxBody)); err != nil {
		return "", reason(err)
	}
	status := strings.TrimSpace(fmt.Sprint(response.StatusCode, " ", http.StatusText(response.StatusCode)))
	if response.StatusCode < 200 || response.StatusCode > 399 {
		return "", errors.New(status)
	}
	return status, nil
}

// tcpEndpoint is a host:port to connect to.
type tcpEndpoint string

func newTCPEndpoint(address string) (endpoint, error) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" {
		return nil, fmt.Errorf("tcp %q is not a host and a port: write it like localhost:5432 or [::1]:5432", address)
	}
	return tcpEndpoint(address), nil
}

func (e tcpEndpoint) String() string { return "tcp " + string(e) }

func (e tcpEndpoint) check(ctx context.Context) (string, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", string(e))
	if err != nil {
		return "", reason(err)
	}
	_ = conn.Close() // says nothing about the endpoint
	return "connected", nil
}

// reason strips a network error of the operation and the address, which the
// probe's user knows.
func reason(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("%s: %s", e.Name, e.Err)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
