package outbound_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

const apiKey = "bugster_0123456789abcdef"

// soon is enough for a call that nobody answers; long for one that is answered
// by a machine with much to do.
const (
	soon = 500 * time.Millisecond
	long = 10 * time.Second
)

// post makes one call for at most 1000 bytes. The URL has a user and a query,
// which must be in no error.
func post(t *testing.T, o outbound.Options, target string) (outbound.Answer, *outbound.Failure) {
	t.Helper()
	client, err := outbound.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	return postWith(t, client, target, long)
}

func postWith(t *testing.T, client *http.Client, target string, limit time.Duration) (outbound.Answer, *outbound.Failure) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	u.User, u.RawQuery = url.UserPassword("someone", "pa55word"), "token=hunter2"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.String(), strings.NewReader(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-KEY", apiKey)
	answer, err := outbound.Fetch(t.Context(), client, req, limit, 1000)
	var failure *outbound.Failure
	if err != nil && !errors.As(err, &failure) {
		t.Fatalf("error %v, want a Failure", err)
	}
	if failure != nil {
		for _, private := range []string{"someone", "pa55word", "hunter2", apiKey} {
			if strings.Contains(failure.Error(), private) {
				t.Errorf("the error holds %q: %v", private, failure)
			}
		}
		if failure.Host != u.Host || !strings.Contains(failure.Error(), u.Host) {
			t.Errorf("the error is about %q: %v, want it about %s", failure.Host, failure, u.Host)
		}
	}
	return answer, failure
}

// wants compares what is decided by.
func wants(t *testing.T, failure *outbound.Failure, kind outbound.Kind, sent bool) {
	t.Helper()
	if failure == nil {
		t.Fatalf("no failure, want %s", kind)
	}
	if failure.Kind != kind || failure.Sent != sent {
		t.Errorf("%s, sent %v (%v), want %s, sent %v", failure.Kind, failure.Sent, failure, kind, sent)
	}
}

// listen serves every connection on loopback with one function, which need not
// speak HTTP, and returns the address.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				serve(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// take reads one whole request.
func take(conn net.Conn) bool {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err == nil
}

// reset closes a connection so that the other side gets a reset.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// hang keeps a connection until the other side ends it.
func hang(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// authority is a private CA.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue makes a server's certificate.
func (a authority) issue(t *testing.T, until time.Time, names ...string) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serveTLS starts a server with the authority's certificate for names.
func (a authority) serveTLS(t *testing.T, until time.Time, handler http.Handler, names ...string) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = quiet()
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.issue(t, until, names...)}}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// quiet is a server's log of what its clients do to it.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
