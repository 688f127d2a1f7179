package plugin

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// The exit statuses of a plugin that a person started. After a signal the status is
// 128 and the signal's number.
const (
	exitOK     = 0
	exitFailed = 1 // the task failed
	exitUsage  = 2 // a bad command, flag or config
)

// command is the plugin as a person started it, without a host.
type command struct {
	file        string // what the person called
	description wire.Description
	kinds       []task.Kind
	in          io.Reader
	out, errOut io.Writer
}

// main runs what the arguments ask for and returns the exit status.
func (c *command) main(args []string) int {
	out := &printed{Writer: c.out}
	c.out = out
	status := c.dispatch(args)
	if out.err != nil && status == exitOK {
		return c.fail(out.err)
	}
	return status
}

// printed remembers that something could not be printed.
type printed struct {
	io.Writer
	err error // the first
}

// Write implements io.Writer.
func (p *printed) Write(b []byte) (int, error) {
	n, err := p.Writer.Write(b)
	if p.err == nil {
		p.err = err
	}
	return n, err
}

func (c *command) dispatch(args []string) int {
	if len(args) == 0 {
		c.explain(c.errOut)
		return exitUsage
	}
	switch name, rest := args[0], args[1:]; name {
	case "help", "-h", "-help", "--help":
		c.explain(c.out)
		return exitOK
	case "describe":
		return c.describe(rest)
	case "run":
		return c.run(rest)
	case "serve":
		return c.serve(rest)
	default:
		return c.refuse(fmt.Errorf("unknown command %q: there is run, describe, serve and help", name))
	}
}

// describe says what the plugin offers.
func (c *command) describe(args []string) int {
	flags := newFlags("describe [--json]")
	asJSON := flags.Bool("json", false, "for programs: as JSON, with the configs' schemas")
	words, status, ok := c.parse(flags, args)
	switch {
	case !ok:
		return status
	case len(words) > 0:
		return c.refuse(fmt.Errorf("unexpected argument %q: see describe --help", words[0]))
	case *asJSON:
		e := json.NewEncoder(c.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(c.description); err != nil {
			return c.fail(err)
		}
	default:
		fmt.Fprintf(c.out, "%s %s\n\n", c.description.Name, c.description.Version)
		explainKinds(c.out, c.description)
	}
	return exitOK
}

// newFlags makes a subcommand's flags. Its name is its synopsis.
func newFlags(synopsis string) *flag.FlagSet {
	flags := flag.NewFlagSet(synopsis, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // parse says what is wrong
	return flags
}

// parse reads a subcommand's flags, which may stand before and after its other
// arguments, and returns those. If not ok, it has said why not, and the process
// ends with status.
func (c *command) parse(flags *flag.FlagSet, args []string) (words []string, status int, ok bool) {
	for {
		err := flags.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			c.usage(c.out, flags)
			return nil, exitOK, false
		case err != nil:
			c.refuse(err)
			c.usage(c.errOut, flags)
			return nil, exitUsage, false
		case flags.NArg() == 0:
			return words, exitOK, true
		}
		words, args = append(words, flags.Arg(0)), flags.Args()[1:]
	}
}

// usage shows a subcommand's flags.
func (c *command) usage(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprintf(w, "usage: %s %s\n", filepath.Base(c.file), flags.Name())
	flags.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  %s\n      %s\n", strings.TrimRight("--"+f.Name+" "+value, " "), text)
	})
}

// refuse tells the person what was wrong with what they asked for.
func (c *command) refuse(err error) int {
	c.tell(err)
	return exitUsage
}

// fail tells the person what went wrong.
func (c *command) fail(err error) int {
	c.tell(err)
	return exitFailed
}

func (c *command) tell(err error) { fmt.Fprintf(c.errOut, "%s: %v\n", filepath.Base(c.file), err) }

// byHand is the plugin's whole life without a host.
func byHand(info Info, kinds []task.Kind) int {
	d, err := describe(info, kinds)
	if err != nil {
		fmt.Fprintf(os.Stderr, "plugin %q cannot be served: %v\n", info.Name, err)
		return exitUsage
	}
	c := &command{
		file: os.Args[0], description: d, kinds: kinds, in: os.Stdin, out: os.Stdout, errOut: os.Stderr,
	}
	return c.main(os.Args[1:])
}
