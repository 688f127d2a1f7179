// Package wire is the process boundary: the handshake by which a plugin says
// where it listens, and the gRPC adapter in which a remote task is a task.Task.
// The host uses [Client], the plugin SDK [Server]; the protocol itself is
// specified in shared/proto/hostelry/v1/task.proto. Authors of tasks do not need
// this package.
package wire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// What a host and a plugin written with the SDK agree on before they speak gRPC.
// It is go-plugin's handshake: a host sets the cookie in the plugin's
// environment, the plugin prints one line to stdout.
const (
	// CookieKey and CookieValue are an environment variable that tells a plugin
	// that a host started it. It is no secret: it guards against starting a
	// plugin by hand.
	CookieKey   = "HOSTELRY_PLUGIN"
	CookieValue = "c2b7e7a0-9d0b-4d3c-8f39-5d0c3a6f1b52"

	// LifelineKey is an environment variable that is "stdin" if the host holds
	// the other end of the plugin's stdin open for as long as it lives: its end
	// is the host's end.
	LifelineKey = "HOSTELRY_LIFELINE"

	// SocketDirKey is an environment variable that names the directory in which
	// the plugin makes its socket. The host makes and removes it.
	SocketDirKey = "PLUGIN_UNIX_SOCKET_DIR"

	// LogKey is an environment variable that is LogMessages if many tasks may run in the
	// plugin's process: each is to log by messages on its own stream, as stderr does not
	// say who writes.
	LogKey      = "HOSTELRY_LOG"
	LogMessages = "messages"

	// ClientCertKey is an environment variable that holds the host's certificate,
	// PEM, if the two are to speak TLS; the plugin's goes into its handshake.
	ClientCertKey = "PLUGIN_CLIENT_CERT"

	// AttachScheme begins the address of a plugin that nobody launched, and that hosts
	// attach: "unix:", then the absolute path of its socket.
	AttachScheme = "unix:"

	// ProtocolVersion is the version of task.proto.
	ProtocolVersion = 1

	// MaxMessage is the largest message in bytes that either side accepts: a
	// config and a checkpoint, as large as they may be, and room for what comes
	// with them, such as the texts of a failure.
	MaxMessage = 2*maxJSON + 2<<20

	maxJSON = 64 << 20 // bytes of a config, a result or a checkpoint

	coreProtocol = 1 // go-plugin's own version
)

// Handshake is the line that a plugin prints:
// "1|PROTOCOL|NETWORK|ADDRESS|grpc", then perhaps "|CERTIFICATE", which may be empty,
// and then perhaps "|false|expendable". What stands where "false" does is go-plugin's,
// for what Hostelry does not use; go-plugin ignores what follows.
type Handshake struct {
	Protocol int    // ProtocolVersion of the plugin
	Network  string // "unix" or "tcp"
	Address  string // a socket's path, or host:port
	Cert     []byte // the plugin's certificate, DER; empty without TLS
	// Expendable says that the plugin has nothing to lose while no task runs in it: then
	// the host may kill its process without asking.
	Expendable bool
}

// expendable is the word for it in the line.
const expendable = "expendable"

// String is the line, without its newline.
func (h Handshake) String() string {
	line := fmt.Sprintf("%d|%d|%s|%s|grpc|%s", coreProtocol, h.Protocol, h.Network, h.Address,
		base64.RawStdEncoding.EncodeToString(h.Cert))
	if h.Expendable {
		line += "|false|" + expendable
	}
	return line
}

// ErrNoHandshake is the error of a line that was not even meant as one.
var ErrNoHandshake = errors.New("is not a plugin's handshake")

// ParseHandshake reads a plugin's line, with or without its newline. Its errors
// say which part is wrong, or wrap ErrNoHandshake; a host adds which plugin printed it.
func ParseHandshake(line string) (Handshake, error) {
	parts := strings.Split(strings.TrimRight(line, "\r\n"), "|")
	if len(parts) < 5 {
		return Handshake{}, fmt.Errorf("%s %w (want 1|%d|unix|ADDRESS|grpc)", quote(line), ErrNoHandshake, ProtocolVersion)
	}
	if parts[0] != strconv.Itoa(coreProtocol) {
		return Handshake{}, fmt.Errorf("handshake version %s is not %d", quote(parts[0]), coreProtocol)
	}
	protocol, err := strconv.Atoi(parts[1])
	if err != nil || protocol < 1 || strconv.Itoa(protocol) != parts[1] { // Atoi takes a sign and zeros before it
		return Handshake{}, fmt.Errorf("protocol version %s is not a positive number in plain digits", quote(parts[1]))
	}
	if protocol != ProtocolVersion {
		return Handshake{}, fmt.Errorf("the plugin speaks protocol version %d, this host %d: rebuild the older of the two",
			protocol, ProtocolVersion)
	}
	h := Handshake{Protocol: protocol, Network: parts[2], Address: parts[3]}
	switch {
	case h.Network != "unix" && h.Network != "tcp":
		return Handshake{}, fmt.Errorf("network %s is neither unix nor tcp", quote(h.Network))
	case h.Address == "" || strings.ContainsRune(h.Address, 0):
		return Handshake{}, fmt.Errorf("address %s is not usable", quote(h.Address))
	case parts[4] != "grpc":
		return Handshake{}, fmt.Errorf("transport %s is not grpc", quote(parts[4]))
	}
	if len(parts) > 5 {
		h.Cert, err = base64.RawStdEncoding.DecodeString(parts[5])
		if err != nil || strings.ContainsAny(parts[5], "\r\n") { // which it passes over
			return Handshake{}, fmt.Errorf("certificate %s is not base64", quote(parts[5]))
		}
	}
	h.Expendable = len(parts) > 7 && parts[7] == expendable
	return h, nil
}

// quote shows foreign text in an error: quoted, and cut to 80 bytes.
func quote(s string) string {
	if len(s) > 80 {
		return strconv.Quote(s[:80]) + "..."
	}
	return strconv.Quote(s)
}
