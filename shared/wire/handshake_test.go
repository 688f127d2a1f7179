package wire_test

import (
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/wire"
)

func TestHandshake(t *testing.T) {
	unix := wire.Handshake{Protocol: 1, Network: "unix", Address: "/tmp/h/1.sock"}
	tcp := wire.Handshake{Protocol: 1, Network: "tcp", Address: "127.0.0.1:4711"}
	expendable := wire.Handshake{Protocol: 1, Network: "unix", Address: "/tmp/h/1.sock", Expendable: true}
	for line, want := range map[string]wire.Handshake{
		"1|1|unix|/tmp/h/1.sock|grpc|":                       unix,
		"1|1|unix|/tmp/h/1.sock|grpc":                        unix,
		"1|1|unix|/tmp/h/1.sock|grpc\n":                      unix,
		"1|1|unix|/tmp/h/1.sock|grpc|\r\n":                   unix,
		"1|1|unix|/tmp/h/1.sock|grpc|AQID":                   {Protocol: 1, Network: "unix", Address: "/tmp/h/1.sock", Cert: []byte{1, 2, 3}},
		"1|1|unix|/tmp/h/1.sock|grpc||true|more\n":           unix,
		"1|1|unix|/tmp/h/1.sock|grpc||expendable":            unix,
		"1|1|unix|/tmp/h/1.sock|grpc||true|expendable|more":  expendable,
		expendable.String():                                  expendable,
		"1|1|tcp|127.0.0.1:4711|grpc|":                       tcp,
		unix.String():                                        unix,
		tcp.String() + "\n":                                  tcp,
		"1|1|unix|/with space and ü/1.sock|grpc|":            {Protocol: 1, Network: "unix", Address: "/with space and ü/1.sock"},
		"1|1|unix|/" + strings.Repeat("x", 1<<20) + "|grpc|": {Protocol: 1, Network: "unix", Address: "/" + strings.Repeat("x", 1<<20)},
	} {
		if got, err := wire.ParseHandshake(line); got.String() != want.String() || err != nil {
			t.Errorf("ParseHandshake(%.80q) = %.80v, %v", line, got, err)
		}
	}
}

func TestNoHandshake(t *testing.T) {
	for line, want := range map[string]string{
		"":                                    `"" is not a plugin's handshake (want 1|1|unix|ADDRESS|grpc)`,
		"hello":                               `"hello" is not a plugin's handshake`,
		"1|1|unix|/a":                         `is not a plugin's handshake`,
		"2|1|unix|/a|grpc":                    `handshake version "2" is not 1`,
		"|1|unix|/a|grpc":                     `handshake version "" is not 1`,
		"1|2|unix|/a|grpc":                    `speaks protocol version 2, this host 1: rebuild the older`,
		"1|0|unix|/a|grpc":                    `protocol version "0" is not a positive number`,
		"1|-1|unix|/a|grpc":                   `protocol version "-1" is not a positive number`,
		"1|x|unix|/a|grpc":                    `protocol version "x" is not a positive number`,
		"1|+1|unix|/a|grpc":                   `protocol version "+1" is not a positive number in plain digits`,
		"1|01|unix|/a|grpc":                   `protocol version "01" is not a positive number in plain digits`,
		"1|99999999999999999999|unix|/a|grpc": `is not a positive number`,
		"1|1|udp|/a|grpc":                     `network "udp" is neither unix nor tcp`,
		"1|1||/a|grpc":                        `network "" is neither unix nor tcp`,
		"1|1|unix||grpc":                      `address "" is not usable`,
		"1|1|unix|/a\x00b|grpc":               `address "/a\x00b" is not usable`,
		"1|1|unix|/a|netrpc":                  `transport "netrpc" is not grpc`,
		"1|1|unix|/a|":                        `transport "" is not grpc`,
		"\xff\x00\x1b[31m":                    `"\xff\x00\x1b[31m" is not a plugin's handshake`,
		strings.Repeat("x", 1<<20):            `..." is not`,
		strings.Repeat("|", 1<<20):            `handshake version "" is not 1`,
	} {
		want = strings.Replace(want, `..." is not`, `"... is not`, 1)
		h, err := wire.ParseHandshake(line)
		if err == nil || h.String() != (wire.Handshake{}).String() || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseHandshake(%.80q) = %v, %v, want %q in it", line, h, err, want)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("the error has %d bytes", len(err.Error()))
		}
	}
}

func FuzzParseHandshake(f *testing.F) {
	for _, line := range []string{
		"1|1|unix|/tmp/h/1.sock|grpc|", "1|1|tcp|127.0.0.1:4711|grpc|cert\r\n", "1|1|unix|/a\x00|grpc", "", "|||||", "hello",
		"1|2|unix|/a|grpc", "1|1|unix|\n|grpc|", "1|+1|unix|/a|grpc", "1|1|unix|/a|grpc||false|expendable|more",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		h, err := wire.ParseHandshake(line)
		if err != nil {
			if len(err.Error()) > 1000 || strings.ContainsAny(err.Error(), "\n\x00\x1b") {
				t.Errorf("the error is not one short line of text: %q", err)
			}
			return
		}
		parts := strings.Split(strings.TrimRight(line, "\r\n"), "|")
		if parts[0] != "1" || parts[1] != "1" || parts[4] != "grpc" || parts[2] != h.Network || parts[3] != h.Address ||
			h.Protocol != wire.ProtocolVersion ||
			h.Expendable != (len(parts) > 7 && parts[7] == "expendable") || (len(h.Cert) > 0) != (len(parts) > 5 && parts[5] != "") {
			t.Errorf("%q is read as %+v", line, h)
		}
		if again, err := wire.ParseHandshake(h.String()); again.String() != h.String() || err != nil {
			t.Errorf("%v is written as %q and read as %v, %v", h, h.String(), again, err)
		}
	})
}
