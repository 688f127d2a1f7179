package pluginproc_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
)

// The plugin is this test binary, started again.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	path, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := pluginproc.Launch(ctx, pluginproc.Config{Path: path, Env: as("good"), Logger: slog.Default()})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := p.Client().Describe(ctx)
	fmt.Println(d.Name, d.Version, err)
	p.Close(ctx)
	fmt.Println(p.Exit())
	// Output:
	// good 1.2.3 <nil>
	// exit status 0
}
