package chaos

import (
	"bytes"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// frameRows are plugins that speak HTTP/2, below gRPC, badly.
var frameRows = []row{
	{name: "allows no calls", how: frames(nil, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 0}), hangs: true,
		want: launchFails("start timeout").killed()},
	{name: "takes no data", how: frames(nil, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}), hangs: true,
		want: launchFails("start timeout").killed()},
	{name: "resets its stream", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.WriteRSTStream(c.stream, http2.ErrCodeInternal)
	}), want: lost("RST_STREAM")},
	{name: "refuses each stream", how: frames(func(c *frameConn) { c.WriteRSTStream(c.stream, http2.ErrCodeRefusedStream) }),
		want: lost("REFUSED_STREAM")},
	{name: "goes away before Started", how: frames(func(c *frameConn) {
		c.WriteGoAway(0, http2.ErrCodeNo, nil)
		c.Close()
	}), want: lost("went away")},
	{name: "goes away while running, and finishes", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.WriteGoAway(c.stream, http2.ErrCodeNo, nil)
		c.message(finished(`1`))
		c.end("0")
	}), want: succeeds().returns(`1`)},
	{name: "goes away for calming down", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, []byte("too_many_pings"))
	}), want: lost("went away")},
	{name: "closes its connection", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.Close()
	}), want: lost("its process lived on")},
	{name: "answers like a web server", how: frames(func(c *frameConn) {
		c.headers(true, ":status", "502", "content-type", "text/html")
	}), want: lost("502")},
	{name: "sends a compressed message unasked", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.WriteData(c.stream, false, []byte{1, 0, 0, 0, 1, 0})
	}), want: lost("compressed")},
	{name: "dribbles", how: frames(func(c *frameConn) {
		c.begin()
		for _, b := range byByte(prefixed(started()), prefixed(finished(`1`))) {
			c.WriteData(c.stream, false, b)
		}
		c.end("0")
	}), want: succeeds().returns(`1`)},
	{name: "announces a message and sends half of it", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.WriteData(c.stream, false, []byte{0, 7, 0, 0, 0, 'x'})
		c.end("0")
	}), want: lost("unexpected EOF")},
	{name: "announces a message of 4 GB", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.WriteData(c.stream, false, []byte{0, 0xff, 0xff, 0xff, 0xff})
	}), want: lost("larger than max")},
	{name: "pings a million times", heavy: true, how: frames(func(c *frameConn) {
		go io.Copy(io.Discard, c.Conn) // the answers
		c.begin()
		c.message(started())
		for range 1_000_000 {
			c.WritePing(false, [8]byte{})
		}
		c.message(finished(`1`))
		c.end("0")
	}), want: succeeds().returns(`1`)},
	{name: "changes its settings 100,000 times", how: frames(func(c *frameConn) {
		go io.Copy(io.Discard, c.Conn)
		c.begin()
		c.message(started())
		for range 100_000 {
			c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 65535})
		}
		c.message(finished(`1`))
		c.end("0")
	}), want: succeeds().returns(`1`)},
	{name: "sends headers without end", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.WriteHeaders(http2.HeadersFrameParam{StreamID: c.stream, BlockFragment: c.encode("x", "y")})
		for open := true; open; {
			open = c.WriteContinuation(c.stream, false, c.encode("x", strings.Repeat("y", 1000))) == nil
		}
	}), want: lost("went away")},
	{name: "sends a frame over the limit", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.WriteRawFrame(http2.FrameData, 0, c.stream, make([]byte, 1<<24-1))
	}), want: lost("its process lived on")},
	{name: "speaks on a stream that there is not", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.WriteData(99, false, prefixed(finished(`2`)))
		c.message(finished(`1`))
		c.end("0")
	}), want: succeeds().returns(`1`)},
	{name: "pushes", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.WritePushPromise(http2.PushPromiseParam{StreamID: c.stream, PromiseID: 2, BlockFragment: c.encode(":path", "/"), EndHeaders: true})
		c.message(finished(`1`))
		c.end("0")
	}), want: succeeds().returns(`1`)},
	{name: "ends its stream well, without a word", how: frames(func(c *frameConn) {
		c.begin()
		c.end("0")
	}), want: lost("its process lived on")},
	{name: "finishes, and exits at once", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.message(finished(`1`))
		os.Exit(13)
	}), want: succeeds().returns(`1`)},
	{name: "finishes, and is killed at once", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.message(finished(`1`))
		killSelf(syscall.SIGKILL)
	}), want: succeeds().returns(`1`)},
	{name: "finishes, and fails its stream", how: frames(func(c *frameConn) {
		c.begin()
		c.message(started())
		c.message(finished(`1`))
		c.end("13")
	}), want: succeeds().returns(`1`)},
}

// frameConn is the connection of the host, of which one stream is its call of Run.
type frameConn struct {
	*http2.Framer
	net.Conn
	stream uint32
	block  bytes.Buffer
	hpack  *hpack.Encoder
}

// frames is a foreign plugin that has been called.
func frames(f func(*frameConn), settings ...http2.Setting) func() {
	return accepts(func(conn net.Conn) {
		if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		c := &frameConn{Framer: http2.NewFramer(conn, conn), Conn: conn}
		c.hpack = hpack.NewEncoder(&c.block)
		c.AllowIllegalWrites = true
		c.WriteSettings(settings...)
		for {
			frame, err := c.ReadFrame()
			if err != nil {
				return
			}
			switch frame := frame.(type) {
			case *http2.SettingsFrame:
				if !frame.IsAck() {
					c.WriteSettingsAck()
				}
			case *http2.DataFrame: // Start, which is small
				if c.stream = frame.StreamID; f != nil {
					f(c)
				}
			}
		}
	})
}

func (c *frameConn) begin() { c.headers(false, ":status", "200", "content-type", "application/grpc") }

func (c *frameConn) end(status string) { c.headers(true, "grpc-status", status) }

func (c *frameConn) headers(last bool, fields ...string) {
	c.WriteHeaders(http2.HeadersFrameParam{StreamID: c.stream, BlockFragment: c.encode(fields...), EndHeaders: true, EndStream: last})
}

func (c *frameConn) encode(fields ...string) []byte {
	c.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		c.hpack.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(c.block.Bytes())
}

func (c *frameConn) message(m []byte) { c.WriteData(c.stream, false, prefixed(m)) }

// prefixed is a message as gRPC sends it.
func prefixed(m []byte) []byte {
	return append([]byte{0, byte(len(m) >> 24), byte(len(m) >> 16), byte(len(m) >> 8), byte(len(m))}, m...)
}

func byByte(all ...[]byte) (pieces [][]byte) {
	for _, b := range bytes.Join(all, nil) {
		pieces = append(pieces, []byte{b})
	}
	return pieces
}
