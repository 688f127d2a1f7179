package readiness

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// tryTCP connects.
func (c Check) tryTCP(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.TCP)
	if err != nil {
		return err
	}
	return conn.Close()
}

// tryHTTP asks for the URL. It makes the connection itself, so that it can close
// it itself: http.Transport closes connections some time after it is done.
func (c Check) tryHTTP(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.HTTP, nil)
	if err != nil {
		return err
	}
	if user := req.URL.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password) // which a client would do, and a transport does not
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address(req.URL))
	if err != nil {
		return err
	}
	defer conn.Close()
	transport := http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}
	answer, err := transport.RoundTrip(req) // a client would follow redirects
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if s := answer.StatusCode; s < 200 || s > 399 {
		return fmt.Errorf("status %d, not 200 to 399", s)
	}
	return nil
}

// address is the host:port of an http or https URL.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
