package chaos

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	rawplugin "github.com/hostelry-run/hostelry/integration_test/internal/raw"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// handshakeRows are plugins that do not introduce themselves as they should.
var handshakeRows = []row{
	{name: "says nothing", how: forever, hangs: true, want: launchFails("start timeout")},
	{name: "says half a line and hangs", how: says("1|1|un"), hangs: true, want: launchFails("start timeout")},
	{name: "says an empty line", how: says("\n"), want: launchFails("printed to stdout before its handshake")},
	{name: "greets first", how: says("hello\n1|1|unix|/tmp/x|grpc\n"), want: launchFails(`"hello" is not a plugin's handshake`)},
	{name: "says a line of 1 MB", how: func() { says(strings.Repeat("x", 1<<20) + "\n")() }, want: launchFails("is not a plugin's handshake")},
	{name: "says a megabyte of JSON", how: func() { says("{" + strings.Repeat(`"`, 1<<20))() }, want: launchFails("is not a plugin's handshake")},
	{name: "says NUL bytes", how: says("\x00\x00|\x00\n"), want: launchFails(`\x00\x00|\x00`)},
	{name: "says invalid UTF-8", how: says("\xff\xfe\n"), want: launchFails(`\xff\xfe`)},
	{name: "has another handshake version", how: says("2|1|unix|/tmp/x|grpc\n"), want: launchFails(`handshake version "2" is not 1`)},
	{name: "has another protocol version", how: says("1|7|unix|/tmp/x|grpc\n"), want: launchFails("speaks protocol version 7")},
	{name: "has a protocol version that is no number", how: says("1|99999999999999999999|unix|/tmp/x|grpc\n"), want: launchFails("protocol version")},
	{name: "speaks net/rpc", how: says("1|1|unix|/tmp/x|netrpc\n"), want: launchFails(`transport "netrpc" is not grpc`)},
	{name: "has a certificate that is none", how: says("1|1|unix|/tmp/x|grpc|!!!\n"), want: launchFails("is not base64")},
	{name: "shows a certificate unasked", how: showCertificate, want: launchFails("shows a certificate, for which this host did not ask")},
	{name: "says more after its handshake", how: func() {
		raw(func(s *rawStream) error {
			fmt.Println("1|1|unix|/tmp/other|grpc")
			s.run()
			s.send(finished(`1`))
			return nil
		})
	}, want: succeeds().logs("/tmp/other")},
}

// doorRows are plugins that are not where they said, or not who they said.
var doorRows = []row{
	{name: "listens nowhere", how: func() { shakeHere("nobody"); forever() }, want: launchFails("connect: no such file or directory")},
	{name: "listens outside its directory", how: says("1|1|unix|/tmp/x|grpc\n"), want: launchFails("outside the directory")},
	{name: "listens below its directory by dots", how: func() { shakeHere("../../x"); forever() }, want: launchFails("outside the directory")},
	{name: "listens on tcp", how: says("1|1|tcp|127.0.0.1:80|grpc\n"), want: launchFails("must be a unix socket")},
	{name: "lets another session listen", how: func() { listenInPlace("listener", ownSession()) }, left: true,
		want: launchFails("listens in the plugin's place")},
	{name: "lets another user listen", how: func() { listenInPlace("nobodys", nil) }, root: true,
		want: launchFails(fmt.Sprintf("of user %d listens in the plugin's place", nobody))},
	{name: "lets an orphan of its group listen", how: func() { spawn("matchmaker", nil); forever() }, // as one that joined the group
		want: launchFails("nor descends from it")},
	{name: "lets a child listen", how: func() { spawn("successor", nil); forever() }, want: succeeds()},
	{name: "accepts and says nothing", how: accepts(func(net.Conn) { forever() }), hangs: true, want: launchFails("start timeout")},
	{name: "accepts and hangs up", how: accepts(func(c net.Conn) { c.Close() }), want: launchFails("cannot be reached at")},
	{name: "speaks HTTP/1", how: accepts(func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\n\r\n"); c.Close() }), want: launchFails("cannot be reached at")},
	{name: "speaks noise", how: accepts(func(c net.Conn) { c.Write(make([]byte, 1<<20)); c.Close() }), want: launchFails("cannot be reached at")},
	{name: "litters its directory", how: func() {
		for range 100 {
			dir, _ := os.MkdirTemp(os.Getenv(wire.SocketDirKey), "")
			net.Listen("unix", filepath.Join(dir, "s"))
			os.Symlink("/", filepath.Join(dir, "root"))
		}
		raw(func(s *rawStream) error { s.send(finished(`1`)); return nil })
	}, want: succeeds()},
}

// says prints something where the handshake should be, and stays.
func says(text string) func() {
	return func() {
		fmt.Print(text)
		forever()
	}
}

func shakeHere(name string) { shake(os.Getenv(wire.SocketDirKey) + "/" + name) }

func showCertificate() {
	block, _ := pem.Decode([]byte(certificate()))
	l := rawplugin.Listen("tls")
	fmt.Println(wire.Handshake{Protocol: wire.ProtocolVersion, Network: "unix", Address: l.Addr().String(), Cert: block.Bytes})
	forever()
}

// certificate is a good one, PEM.
func certificate() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// accepts listens, and does not speak gRPC to who connects.
func accepts(f func(net.Conn)) func() {
	return func() {
		l := rawplugin.Listen("mute")
		shake(l.Addr().String())
		for {
			if conn, err := l.Accept(); err == nil {
				go f(conn)
			}
		}
	}
}

// matchmaker leaves an orphan, and orphan serves once it is one.
func matchmaker() { spawn("orphan", nil) }

func orphan() {
	parent := os.Getppid()
	up()
	for os.Getppid() == parent {
		time.Sleep(time.Millisecond)
	}
	raw(func(*rawStream) error { return nil })
}

// successor is the child that serves while the plugin does not.
func successor() {
	up()
	raw(func(s *rawStream) error {
		s.run()
		s.send(finished(`1`))
		return nil
	})
}

// usurper is a child that serves while the plugin does not, leaves its group, and kills it.
func usurper() {
	plugin := os.Getppid()
	up()
	raw(func(s *rawStream) error {
		s.run()
		if _, err := syscall.Setsid(); err != nil {
			return err
		}
		kill(plugin, syscall.SIGKILL)
		forever()
		return nil
	})
}
