package plugin_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// hostCert makes a certificate, as a host makes one for each launch.
func hostCert(t *testing.T) (cert tls.Certificate, text string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, SerialNumber: big.NewInt(1),
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestCertificates: a plugin whose host shows a certificate answers with its own,
// and from then on trusts that host alone.
func TestCertificates(t *testing.T) {
	ours, text := hostCert(t)
	theirs, _ := hostCert(t)
	dir, err := os.MkdirTemp("", "plugin-") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{
		roleKey + "=tasks", "GORACE=atexit_sleep_ms=0", wire.CookieKey + "=" + wire.CookieValue,
		wire.SocketDirKey + "=" + dir, wire.LifelineKey + "=stdin", wire.ClientCertKey + "=" + text,
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = cmd.Process.Kill(), cmd.Wait() }()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	handshake, err := wire.ParseHandshake(line)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(handshake.Cert)
	if err != nil {
		t.Fatal(err)
	}
	plugin := x509.NewCertPool()
	plugin.AddCert(cert)
	describe := func(c credentials.TransportCredentials) error {
		conn, err := grpc.NewClient("passthrough:///plugin", grpc.WithTransportCredentials(c),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, "unix", handshake.Address)
			}))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, err = wire.NewClient(conn).Describe(t.Context())
		return err
	}
	for name, c := range map[string]credentials.TransportCredentials{
		"no TLS":                   insecure.NewCredentials(),
		"no certificate":           credentials.NewTLS(&tls.Config{RootCAs: plugin, ServerName: "localhost"}),
		"another's certificate":    credentials.NewTLS(&tls.Config{RootCAs: plugin, ServerName: "localhost", Certificates: []tls.Certificate{theirs}}),
		"no trust in the plugin's": credentials.NewTLS(&tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost", Certificates: []tls.Certificate{ours}}),
	} {
		if err := describe(c); err == nil {
			t.Errorf("with %s the plugin answers", name)
		}
	}
	if err := describe(credentials.NewTLS(&tls.Config{
		RootCAs: plugin, ServerName: "localhost", Certificates: []tls.Certificate{ours},
	})); err != nil {
		t.Errorf("with the host's certificate: %v", err)
	}
	_ = stdin.Close() // and the last connection has ended
	if err := cmd.Wait(); err != nil {
		t.Errorf("the plugin ended with %v", err)
	}
}

func TestNoDirectoryForTheSocket(t *testing.T) {
	stdout, stderr, status := byHand(t, "good", wire.CookieKey+"="+wire.CookieValue)
	want := `plugin "good" cannot be served: the host named no directory for the socket in PLUGIN_UNIX_SOCKET_DIR` + "\n"
	if stderr != want || stdout != "" || status != 1 {
		t.Errorf("exit status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}
