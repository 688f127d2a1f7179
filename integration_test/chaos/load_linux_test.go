package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

// badPrefix begins the names of plugins that misbehave when they are loaded.
const badPrefix = "hostelry-bad-"

// badPlugins are what such a plugin answers to Describe, and why it is refused.
var badPlugins = map[string]struct {
	describe func(grpc.ServerStream) error
	want     string
}{
	"silence": {func(s grpc.ServerStream) error { <-s.Context().Done(); return nil }, "start timeout"},
	"noise":   {describes([]byte{0xff, 0xff, 0xff, 0x07}), "unmarshal"},
	"nothing": {describes(nil), "offers no kinds"},
	"twice":   {describes(append(kindNamed("same"), kindNamed("same")...)), "offers the kind \"same\" twice"},
	"evil":    {describes(kindNamed("../../etc")), "../../etc"},
	"schema":  {describes(field(3, append(field(1, "k"), field(3, `{"type": 7}`)...))), "config schema of kind \"k\""},
	"crash":   {func(grpc.ServerStream) error { os.Exit(3); return nil }, "it ended when it was asked what it offers, with exit status 3"},
	"big":     {func(s grpc.ServerStream) error { return describes(kindNamed(strings.Repeat("x", 200<<20)))(s) }, "larger than max"},
}

// serveBadly is this binary as one of them.
func serveBadly(name string) {
	rawWith(badPlugins[name].describe, func(*rawStream) error { return nil })
}

func describes(response []byte) func(grpc.ServerStream) error {
	return func(s grpc.ServerStream) error { return s.SendMsg(&response) }
}

func kindNamed(name string) []byte { return field(3, field(1, name)) }

// TestABadPluginIsARow loads them all beside a good one.
func TestABadPluginIsARow(t *testing.T) {
	dir := t.TempDir()
	observe.WantNothingLeft(t, func() {
		plugins := filepath.Join(dir, "plugins")
		copySelf(t, plugins, pluginFile)
		for name := range badPlugins {
			path := copySelf(t, plugins, badPrefix+name)
			file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, err = fmt.Fprint(file, name) // what a plugin says is known by its bytes
				file.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		c := &catalog.Catalog{}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		err := c.Load(ctx, plugins, catalog.WithCacheDir(filepath.Join(dir, "store")), catalog.WithStartTimeout(8*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range c.Plugins() {
			if p.Name == "chaos" {
				if p.Err != nil || len(p.Kinds) != 3 {
					t.Errorf("the good one: %v, %d kinds", p.Err, len(p.Kinds))
				}
				continue
			}
			if want := badPlugins[strings.TrimPrefix(p.Name, "bad-")].want; p.Err == nil || !strings.Contains(p.Err.Error(), want) {
				t.Errorf("%s: %.300v, want %q", p.Name, p.Err, want)
			}
		}
		observe.WantNone(t, time.Now().Add(quickly), observe.RunsFrom(dir))
		os.RemoveAll(plugins)
		os.RemoveAll(filepath.Join(dir, "store"))
	})
}
