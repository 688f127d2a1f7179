//go:build unix

package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// socket is a place for one, whose path is short.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "attach-") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "socket")
}

func listen(t *testing.T, path string) net.Listener {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// serving is a plugin in this process that says of itself what d says. It returns
// its address.
func serving(t *testing.T, d wire.Description) string {
	t.Helper()
	path := socket(t)
	listener := listen(t, path)
	server := grpc.NewServer(grpc.MaxSendMsgSize(wire.MaxMessage))
	wire.NewServer(d, nil, slog.New(slog.DiscardHandler)).Register(server)
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(listener) }) // ends with Stop
	t.Cleanup(func() { server.Stop(); done.Wait() })
	return "unix:" + path
}

// digest is what a good plugin says of itself.
func digest(kinds ...string) wire.Description {
	d := wire.Description{Name: "digest", Version: "1.2.3"}
	for _, name := range kinds {
		d.Kinds = append(d.Kinds, wire.KindDescription{
			Name: name, Description: "attached", ConfigSchema: json.RawMessage(`{"type":"object","required":["root"]}`),
		})
	}
	return d
}

func TestAttach(t *testing.T) {
	t.Parallel()
	at := serving(t, digest("sum", "tree"))
	var c catalog.Catalog
	if err := c.Attach(t.Context(), "digest", at); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sum", "digest/tree"} {
		k, err := c.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if k.Plugin != "digest" || k.Address() != at || k.IsBuiltIn() || k.File() != "" || k.Executable() != "" || k.Description != "attached" {
			t.Errorf("%s is %+v", name, k)
		}
		if err := k.Validate(json.RawMessage("{}")); err == nil || !strings.Contains(err.Error(), `"root"`) {
			t.Errorf("a bad config: %v", err)
		}
	}
	if err := c.Attach(t.Context(), "digest", at); err == nil || !strings.Contains(err.Error(), "a plugin of that name is attached already, at "+at) {
		t.Errorf("a second time: %v", err)
	}
}

// TestAttachRefuses says what was wrong, where, and what to do; the catalog stays as
// it was.
func TestAttachRefuses(t *testing.T) {
	t.Parallel()
	good := serving(t, digest("sum"))
	stale := socket(t)
	listener := listen(t, stale)
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = listener.Close()
	file := socket(t)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	bad := digest("sum")
	bad.Kinds[0].ConfigSchema = json.RawMessage(`{"type":5}`)
	for want, c := range map[string]struct{ name, address string }{
		`"" is no address: expected unix:/PATH, as the plugin's serve --attach prints it`: {"digest", ""},
		`"/tmp/x" is no address`:           {"digest", "/tmp/x"},
		`"unix:tmp/x" is no address`:       {"digest", "unix:tmp/x"},
		`"unix:@abstract" is no address`:   {"digest", "unix:@abstract"},
		`"tcp:127.0.0.1:80" is no address`: {"digest", "tcp:127.0.0.1:80"},
		"nobody serves there, and there is no such socket: start the plugin with serve --attach, and give the address": {"digest", "unix:" + stale + "-not"},
		"nobody serves there any more, the plugin that did was killed: start the plugin with serve --attach":           {"digest", "unix:" + stale},
		"nobody serves there": {"digest", "unix:" + file},
		"invalid argument":    {"digest", "unix:/" + strings.Repeat("x", 200)},
		`what serves there is the plugin "digest": attach it by`: {"tick", good},
		`name "Digest": use 1 to 64 of a-z`:                      {"Digest", good},
		"builtin/KIND stands for a kind of the host's own":       {"builtin", good},
		"it offers no kinds":                                     {"digest", serving(t, digest())},
		`it offers the kind "sum" twice`:                         {"digest", serving(t, digest("sum", "sum"))},
		`the config schema of kind "sum"`:                        {"digest", serving(t, bad)},
	} {
		var cat catalog.Catalog
		err := cat.Attach(t.Context(), c.name, c.address)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), fmt.Sprintf("plugin %q at %s: ", c.name, c.address)) {
			t.Errorf("Attach(%s, %s): %v\nwant %s", c.name, c.address, err, want)
		}
		if kinds := cat.Kinds(); len(kinds) > 0 {
			t.Errorf("after %v there are %v", err, kinds)
		}
	}
}

// TestAttachStrangeServers: who is no plugin, or one that a debugger holds, costs no
// more than the time that ctx leaves.
func TestAttachStrangeServers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serve func(net.Conn)
		want  string
	}{
		"hangs up":      {func(conn net.Conn) { _ = conn.Close() }, "what serves there does not answer as a plugin"},
		"says nothing":  {func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, "it does not answer: out of patience: does a debugger hold it?"},
		"speaks HTTP/1": {func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n"); _ = conn.Close() }, "what serves there does not answer as a plugin"},
	} {
		t.Run(name, func(t *testing.T) {
			path := socket(t)
			listener := listen(t, path)
			var serving sync.WaitGroup
			serving.Go(func() { // ends with the listener
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					c.serve(conn)
				}
			})
			ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, errors.New("out of patience"))
			defer cancel()
			var cat catalog.Catalog
			if err := cat.Attach(ctx, "digest", "unix:"+path); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Attach: %v, want %s", err, c.want)
			}
			_ = listener.Close()
			serving.Wait()
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupted"))
	var cat catalog.Catalog
	if err := cat.Attach(ctx, "digest", "unix:/nowhere"); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("Attach after the end of ctx: %v", err)
	}
}

// TestAttachedAndInADirectory: the file of an attached plugin is not launched, in
// whichever order they come, and the kinds are those of the attached one.
func TestAttachedAndInADirectory(t *testing.T) {
	t.Parallel()
	at := serving(t, digest("sum"))
	attach := func(c *catalog.Catalog) {
		if err := c.Attach(t.Context(), "digest", at); err != nil {
			t.Fatal(err)
		}
	}
	check := func(c *catalog.Catalog) {
		t.Helper()
		if k, err := c.Lookup("sum"); err != nil || k.Address() != at {
			t.Errorf("sum is of %q, %v", k.Address(), err)
		}
		if _, err := c.Lookup("old"); err == nil {
			t.Error("a kind of the file is there")
		}
		if k, err := c.Lookup("other"); err != nil || k.Address() != "" || k.Executable() == "" {
			t.Errorf("another plugin's kind: %+v, %v", k, err)
		}
		for _, p := range c.Plugins() {
			if p.Name == "digest" != errors.Is(p.Err, catalog.ErrAttached) || p.Name == "digest" && p.Kinds != nil {
				t.Errorf("row %s", row(p))
			}
		}
	}

	d := newDirectory(t)
	d.offers("digest", "old", "sum")
	d.offers("good", "other")
	c := d.load()
	copied, err := c.With()
	if err != nil {
		t.Fatal(err)
	}
	attach(c)
	check(c)
	if k, err := copied.Lookup("old"); err != nil || k.Address() != "" {
		t.Errorf("the copy made before has %+v, %v", k, err)
	}
	if copied, err = c.With(); err != nil {
		t.Fatal(err)
	}
	if err := copied.Attach(t.Context(), "digest", at); err == nil {
		t.Error("a copy does not know what is attached")
	}
	check(copied)

	d = newDirectory(t)
	launched := filepath.Join(t.TempDir(), "launched")
	d.plugin("digest", "touch "+launched)
	d.offers("good", "other")
	c = new(catalog.Catalog)
	attach(c)
	for range 2 {
		if err := c.Load(t.Context(), d.path, catalog.WithCacheDir(d.store)); err != nil {
			t.Fatal(err)
		}
		check(c)
	}
	if _, err := os.Stat(launched); err == nil {
		t.Error("the file of an attached plugin was launched")
	}
}
