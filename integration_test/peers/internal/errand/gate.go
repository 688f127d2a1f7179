package errand

import (
	"context"
	"io"
	"net"
)

// PassGate waits at the errand's gate, if it has one: a unix socket that is dialled, and
// whose other end hangs up on all who wait when they may go on.
func (e Errand) PassGate(ctx context.Context) error {
	if e.Gate == "" {
		return nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", e.Gate)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_, err = io.Copy(io.Discard, conn)
	return err
}
