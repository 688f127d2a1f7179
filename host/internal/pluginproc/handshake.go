package pluginproc

import (
	"errors"
	"fmt"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// maxHandshake bounds the handshake line in bytes; a certificate in it has about a
// thousand.
const maxHandshake = 16 << 10

// readStdout gives go-plugin the handshake line and logs what follows. A first
// line that is no handshake is the end of the launch.
func (r *pluginRunner) readStdout() {
	lines := newLineReader(r.stdout, r.config.Mask)
	first, err := lines.next()
	if err != nil && r.broke(first.text) {
		return
	}
	handshake, err := r.shake(first.text)
	if err != nil {
		r.mu.Lock()
		r.garbled = err
		r.mu.Unlock()
		r.kill()
		return
	}
	r.locate(handshake)
	_, _ = fmt.Fprintln(r.handshake.w, handshake) // as it was understood here
	_ = r.handshake.w.Close()
	copyPlain(r.config.Logger, "stdout", lines)
}

// broke notes how stdout ended without the end of a first line, and reports whether
// there is no handshake in what came of it.
func (r *pluginRunner) broke(text []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed {
		r.unfinished = string(text)
	} else {
		r.closed = true // or it ends: then watch says how
	}
	return r.killed || len(text) == 0
}

// shake reads the first line, and refuses what this launch cannot use.
func (r *pluginRunner) shake(line []byte) (wire.Handshake, error) {
	if len(line) > maxHandshake { // go-plugin would not read it either
		return wire.Handshake{}, fmt.Errorf("its first line is longer than %d bytes: %.80q... %w", maxHandshake, line, wire.ErrNoHandshake)
	}
	h, err := wire.ParseHandshake(string(line))
	switch {
	case err != nil:
	case r.tls() && len(h.Cert) == 0:
		err = errors.New("it shows no certificate, which this host demands")
	case !r.tls() && len(h.Cert) > 0:
		err = errors.New("it shows a certificate, for which this host did not ask")
	}
	return h, err
}

// locate lets dial begin, if the plugin listens where it may: else go-plugin fails, by
// PluginToHost. With certificates dial waits until go-plugin has loaded the plugin's.
func (r *pluginRunner) locate(h wire.Handshake) {
	if _, _, err := r.PluginToHost(h.Network, h.Address); err != nil {
		return
	}
	r.network, r.address, r.expendable = h.Network, h.Address, h.Expendable
	if !r.tls() {
		close(r.located)
	}
}

func (r *pluginRunner) readStderr() {
	copyLog(r.config.Logger, r.tail, newLineReader(r.stderr, r.config.Mask))
}
