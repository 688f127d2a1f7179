// Peers measures this module against what its users would pick instead, each side
// in turn in one process, and prints one table in Markdown. README.md says how to
// read it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
	"github.com/hostelry-run/hostelry/plugin"
)

func main() {
	plugin.ServeSelf(errand.Kinds()...) // process-launch-self starts this program again, and ends here
	bare.Play()                         // or here
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// errNotMeasured is for a table that has gaps which the machine does not explain.
var errNotMeasured = errors.New("not everything was measured: see below the table")

// run measures what the arguments ask for and writes the table to out.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.SetOutput(progress)
	rounds := flags.Int("rounds", 3, "how often each side runs; the table shows medians")
	only := flags.String("only", "", "measure only the workloads whose names begin with `NAME`")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag: to measure some workloads alone, give --only NAME", flags.Arg(0))
	}
	if *rounds < 1 {
		return fmt.Errorf("--rounds %d: give at least 1", *rounds)
	}
	built := newPlugin()
	defer built.remove()
	chosen, err := choose(workloads(built), *only)
	if err != nil {
		return err
	}
	return report(ctx, chosen, *rounds, out, progress)
}

// choose returns the workload of that name, or else those whose names begin with it.
func choose(all []workload, only string) ([]workload, error) {
	var names []string
	var chosen []workload
	for _, w := range all {
		if w.name == only {
			return []workload{w}, nil
		}
		if strings.HasPrefix(w.name, only) {
			chosen = append(chosen, w)
		}
		names = append(names, w.name)
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("--only %q: no workload has a name that begins so; there are %s", only, strings.Join(names, ", "))
	}
	return chosen, nil
}

// report measures the workloads and writes the table.
func report(ctx context.Context, chosen []workload, rounds int, out, progress io.Writer) error {
	var t table
	var failed bool
	for _, w := range chosen {
		res := w.measure(ctx, rounds, progress)
		if ctx.Err() != nil {
			return context.Cause(ctx) // half a table would mislead
		}
		failed = failed || res.failed()
		t.add(res)
	}
	fmt.Fprintf(out, "%s\n\n", machine())
	t.write(out)
	if failed {
		return errNotMeasured
	}
	return nil
}

func (r result) failed() bool {
	for _, s := range r.sides {
		if s.err != nil {
			return true
		}
	}
	return r.err != nil
}
