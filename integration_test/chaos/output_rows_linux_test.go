package chaos

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hostelry-run/hostelry/shared/task"
)

// outputRows are plugins that print what nobody should.
var outputRows = []row{
	{name: "prints a level that is a number", how: prints(`{"@level":1}`+"\n", ""), want: succeeds().logs(`{"@level":1}`)},
	{name: "prints a message that is a list", how: prints(`{"@level":"info","@message":[1]}`+"\n", ""), want: succeeds().logs(`"@message":[1]`)},
	{name: "prints a level that is unknown", how: prints(`{"@level":"loud","@message":"m"}`+"\n", ""), want: succeeds().logs(`"loud"`)},
	{name: "prints a time that is none", how: prints(`{"@level":"info","@message":"timeless","@timestamp":7}`+"\n", ""), want: succeeds().logs("timeless")},
	{name: "prints half a log line", how: prints(`{"@level":"info","@mess`, ""), want: succeeds().logs(`"@mess`)},
	{name: "prints JSON 100,000 levels deep", how: func() { prints(strings.Repeat(`{"a":`, 100_000)+"\n", "")() }, want: succeeds().logs(`{"a":{"a":`)},
	{name: "prints NUL bytes", how: prints("a\x00b\n", "c\x00d\n"), want: succeeds().logs("a\x00b")},
	{name: "prints invalid UTF-8", how: prints("a\xffb\n", "c\xfed\n"), want: succeeds().logs("a\uFFFDb")},
	{name: "prints terminal sequences", how: prints("\x1b[2J\x1b]0;gone\x07\n", "\r\r\r\n"), want: succeeds().logs("\x1b[2J")},
	{name: "prints a handshake on stderr", how: prints("1|1|unix|/tmp/x|grpc\n", ""), want: succeeds().logs("1|1|unix|/tmp/x|grpc")},
	{name: "prints a line of 100 MB on stderr", how: printsLine(func() io.Writer { return os.Stderr }, "x"), heavy: true, want: succeeds()},
	{name: "prints a line of 100 MB on stdout", how: printsLine(func() io.Writer { return os.Stdout }, "x"), heavy: true, want: succeeds()},
	{name: "prints 100 MB that begin like JSON", how: printsLine(func() io.Writer { return os.Stderr }, `{"@level":"info","@message":"`), heavy: true, want: succeeds()},
	{name: "prints 100 MB of NUL bytes", how: printsLine(func() io.Writer { return os.Stderr }, "\x00"), heavy: true, want: succeeds()},
	{name: "prints without end and stops when asked", how: inTask(func(ctx context.Context) (any, error) {
		task.Ready(ctx)
		for ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "again and again and again")
			fmt.Println("and on the other stream")
			task.Logger(ctx).Info("and as a record", "n", 1)
		}
		return nil, context.Cause(ctx)
	}), stop: true, want: stops().logs("again and again")},
	{name: "prints without end and ignores the stop", how: running(func() {
		go floods(os.Stdout)
		floods(os.Stderr)
	}), stop: true, want: overGrace()},
	{name: "prints without end before its handshake", how: func() { floods(os.Stderr) }, hangs: true, want: launchFails("start timeout")},
	{name: "prints its last words without a newline", how: running(func() { fmt.Fprint(os.Stderr, "farewell"); os.Exit(12) }),
		want: exits(12).stderrHas("farewell").logs("farewell")},
	{name: "logs fields that do not encode", how: inTask(func(ctx context.Context) (any, error) {
		task.Logger(ctx).Info("odd", "f", func() {}, "n", nothing{}, "@level", 1, "", "empty", "c", make(chan int))
		return 1, nil
	}), want: succeeds().logs("odd")},
}

// prints prints on stderr and stdout in the middle of a task.
func prints(stderr, stdout string) func() {
	return inTask(func(context.Context) (any, error) {
		fmt.Fprint(os.Stderr, stderr)
		fmt.Fprint(os.Stdout, stdout)
		return 1, nil
	})
}

const (
	lineLength = 100 << 20
	pieceSize  = 1 << 20
)

// printsLine prints a line of 100 MB, which begins in a certain way.
func printsLine(w func() io.Writer, begin string) func() {
	return inTask(func(context.Context) (any, error) {
		fmt.Fprint(w(), begin)
		piece := bytes.Repeat([]byte(begin[:1]), pieceSize)
		for range lineLength / pieceSize {
			if _, err := w().Write(piece); err != nil {
				return nil, err
			}
		}
		_, err := fmt.Fprintln(w())
		return 1, err
	})
}

// floods prints until the process ends.
func floods(w io.Writer) {
	piece := bytes.Repeat([]byte("all work and no play\n"), 500)
	for {
		_, _ = w.Write(piece)
	}
}

func cutEnv(entry, name string) (string, bool) { return strings.CutPrefix(entry, name+"=") }
