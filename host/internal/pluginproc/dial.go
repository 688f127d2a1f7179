package pluginproc

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// dial connects to where the plugin said that it listens, and makes sure that it
// is the plugin who does. gRPC calls it for each connection.
func (r *pluginRunner) dial(ctx context.Context, _ string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, r.network, r.address)
	if err != nil {
		return nil, err
	}
	if wire.PeerKnown {
		if err := r.recognise(conn); err != nil {
			_ = conn.Close()
			r.accuse(err)
			return nil, err
		}
	}
	return conn, nil
}

// accuse ends the launch, unless the plugin has ended by itself: then nobody who
// answers for it is one of its group, which has none any more.
func (r *pluginRunner) accuse(err error) {
	select {
	case <-r.group.Done():
	default:
		r.mu.Lock()
		r.stranger = err
		r.mu.Unlock()
		r.kill()
	}
}

// recognise refuses whoever is neither the child that was started nor one of its
// process group, or runs as another user.
func (r *pluginRunner) recognise(conn net.Conn) error {
	pid, uid, err := wire.PeerOf(conn)
	if err != nil {
		return err
	}
	if uid != os.Getuid() || !r.group.Has(pid) {
		return fmt.Errorf("process %d of user %d listens in the plugin's place: it is not the plugin, process %d of user %d, nor of its process group",
			pid, uid, r.group.Pid(), os.Getuid())
	}
	return nil
}
