package readiness

import (
	"net/url"
	"testing"
)

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"http://localhost/a":    "localhost:80",
		"HTTPS://me:p@[::1]/":   "[::1]:443",
		"https://127.0.0.1:80/": "127.0.0.1:80",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := address(u); got != want {
			t.Errorf("address of %s is %s, want %s", text, got, want)
		}
	}
}
