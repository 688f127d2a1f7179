package plugin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"slices"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// guardedListener lets nobody in but the host: one of the processes that may have started
// this one, or for a plugin that hosts attach any process, as the same user. It asks the
// system, so that there is no secret to steal.
type guardedListener struct {
	net.Listener
	hosts []int // process ids, or nil for any
}

// Accept hangs up on strangers.
func (l *guardedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if err = l.check(conn); err == nil {
			return conn, nil
		}
		slog.Warn("hung up on a stranger at the plugin's socket", "reason", err)
		_ = conn.Close()
	}
}

func (l *guardedListener) check(conn net.Conn) error {
	pid, uid, err := wire.PeerOf(conn)
	switch {
	case err != nil:
	case uid != os.Getuid():
		err = fmt.Errorf("process %d of user %d is not one of user %d", pid, uid, os.Getuid())
	case l.hosts != nil && !slices.Contains(l.hosts, pid):
		err = fmt.Errorf("process %d is not the host, process %d", pid, l.hosts[len(l.hosts)-1])
	}
	return err
}

// identity is how the plugin shows itself on the socket.
type identity struct {
	credentials credentials.TransportCredentials
	cert        []byte // DER, for the handshake; nil without TLS
}

// newIdentity answers the host's certificate, PEM, with one of the plugin's own:
// each trusts the other's alone. Without one they speak in the clear, over a
// socket on which each knows the other.
func newIdentity(hostCert string) (identity, error) {
	if hostCert == "" {
		return identity{credentials: insecure.NewCredentials()}, nil
	}
	hosts := x509.NewCertPool()
	if !hosts.AppendCertsFromPEM([]byte(hostCert)) {
		return identity{}, fmt.Errorf("%s holds no certificate", wire.ClientCertKey)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		NotBefore:    time.Now().Add(-time.Minute), NotAfter: time.Now().AddDate(10, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:        true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return identity{}, errors.Join(errors.New("make a certificate"), err)
	}
	return identity{cert: cert, credentials: credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    hosts,
		MinVersion:   tls.VersionTLS13,
	})}, nil
}
