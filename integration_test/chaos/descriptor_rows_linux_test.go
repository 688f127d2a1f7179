package chaos

import (
	"context"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// descriptorRows are plugins that close what connects them with their host.
var descriptorRows = []row{
	{name: "closes its stdin", how: closing(0), want: succeeds().returns(`1`)},
	{name: "closes its stdout", how: closing(1), want: succeeds().returns(`1`)},
	{name: "closes its stderr", how: closing(2), want: succeeds().returns(`1`)},
	{name: "closes its three streams", how: closing(0, 1, 2), want: succeeds().returns(`1`)},
	{name: "closes its streams and ignores the stop", how: inTask(func(ctx context.Context) (any, error) {
		closeAll(0, 1, 2)
		task.Ready(ctx)
		forever()
		return nil, nil
	}), stop: true, want: overGrace()},
	{name: "closes its streams and exits", how: running(func() { closeAll(0, 1, 2); os.Exit(11) }), want: exits(11)},
	{name: "closes its stdout before its handshake", how: func() { closeAll(1); forever() }, hangs: true, want: launchFails("start timeout")},
	{name: "closes its stdin before its handshake", how: func() {
		closeAll(0)
		onStream(func(s *rawStream) { s.run(); s.send(finished(`1`)) })()
	}, want: succeeds()},
	{name: "closes every descriptor from 3 on", how: running(func() { closeFrom(3); restlessly() }), want: exits(2)},
	{name: "closes every descriptor", how: running(func() { closeFrom(0); restlessly() }), want: exits(2)},
	{name: "closes its socket", how: func() {
		raw(func(s *rawStream) error {
			s.run()
			s.server.Stop()
			return nil
		})
	}, want: lost("its process lived on and was killed")},
	{name: "closes its door and carries on", how: inTask(func(ctx context.Context) (any, error) {
		task.Ready(ctx)
		return 1, removeSockets()
	}), want: succeeds().returns(`1`)},
}

func closing(fds ...int) func() {
	return inTask(func(ctx context.Context) (any, error) {
		closeAll(fds...)
		task.Ready(ctx)
		task.Progress(ctx, 1, 1, "closed")
		return 1, nil
	})
}

func closeAll(fds ...int) {
	for _, fd := range fds {
		syscall.Close(fd)
	}
}

// restlessly keeps Go's scheduler busy, so that it sees what it lacks, and crashes with
// status 2. Sometimes it does not, and no timer runs any more: then this ends likewise.
func restlessly() {
	for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
		runtime.Gosched()
	}
	os.Exit(2)
}

// removeSockets removes what is in the plugin's socket directory, and that.
func removeSockets() error {
	for _, entry := range initialEnv() {
		if dir, ok := cutEnv(entry, "PLUGIN_UNIX_SOCKET_DIR"); ok {
			return os.RemoveAll(dir)
		}
	}
	return nil
}
