package outbound_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

func TestCertificates(t *testing.T) {
	t.Parallel()
	ours, other := newAuthority(t, "ours"), newAuthority(t, "other")
	later, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	tests := map[string]struct {
		ca    []byte
		until time.Time
		names []string
		ok    bool
	}{
		"trusted":               {ours.pem, later, []string{"127.0.0.1"}, true},
		"one of several":        {append(append([]byte("# ours\n"), other.pem...), ours.pem...), later, []string{"127.0.0.1"}, true},
		"not trusted":           {nil, later, []string{"127.0.0.1"}, false},
		"of another authority":  {other.pem, later, []string{"127.0.0.1"}, false},
		"of another host":       {ours.pem, later, []string{"service.test"}, false},
		"of no host":            {ours.pem, later, nil, false},
		"expired":               {ours.pem, past, []string{"127.0.0.1"}, false},
		"expired and of others": {other.pem, past, []string{"service.test"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := ours.serveTLS(t, tt.until, ok, tt.names...)
			answer, failure := post(t, outbound.Options{CA: tt.ca}, server.URL)
			if tt.ok {
				if failure != nil || string(answer.Body) != "ok" {
					t.Errorf("answer %q, %v, want ok", answer.Body, failure)
				}
				return
			}
			wants(t, failure, outbound.KindCertificate, false)
		})
	}
}

func TestHandshakesThatFail(t *testing.T) {
	t.Parallel()
	old := &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, Certificates: []tls.Certificate{newAuthority(t, "ours").issue(t, time.Now().Add(time.Hour), "127.0.0.1")}}
	tests := map[string]func(net.Conn){
		"plain HTTP":     says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
		"something else": func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n"); hang(c) },
		"closed":         func(c net.Conn) { _, _ = c.Read(make([]byte, 64)) },
		"reset":          func(c net.Conn) { _, _ = c.Read(make([]byte, 64)); reset(c) },
		"silence":        hang,
		"TLS 1.1 only":   func(c net.Conn) { _ = tls.Server(c, old).Handshake(); hang(c) },
		"an alert": func(c net.Conn) {
			_, _ = c.Read(make([]byte, 2048))
			_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, 40})
			hang(c)
		},
		"no certificate to show": func(c net.Conn) { _ = tls.Server(c, &tls.Config{MinVersion: tls.VersionTLS12}).Handshake(); hang(c) },
	}
	for name, serve := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := outbound.NewClient(outbound.Options{})
			if err != nil {
				t.Fatal(err)
			}
			limit := long
			if name == "silence" {
				limit = soon
			}
			_, failure := postWith(t, client, "https://"+listen(t, serve), limit)
			wants(t, failure, outbound.KindTLS, false)
		})
	}
}

// TestCAIsAppended runs itself again with a system that trusts one authority,
// and gives the other to the client: both count.
func TestCAIsAppended(t *testing.T) {
	t.Parallel()
	if os.Getenv("SYSTEM_URL") != "" {
		given, err := os.ReadFile(os.Getenv("GIVEN_CA"))
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{os.Getenv("SYSTEM_URL"), os.Getenv("GIVEN_URL")} {
			if _, failure := post(t, outbound.Options{CA: given}, target); failure != nil {
				t.Errorf("call of %s: %v", target, failure)
			}
		}
		return
	}
	system, given := newAuthority(t, "system"), newAuthority(t, "given")
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	dir := t.TempDir()
	for name, text := range map[string][]byte{"system.pem": system.pem, "given.pem": given.pem} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestCAIsAppended$", "-test.v")
	cmd.Env = append(os.Environ(),
		"SSL_CERT_FILE="+filepath.Join(dir, "system.pem"), "SSL_CERT_DIR="+dir+"/none",
		"GIVEN_CA="+filepath.Join(dir, "given.pem"),
		"SYSTEM_URL="+system.serveTLS(t, time.Now().Add(time.Hour), ok, "127.0.0.1").URL,
		"GIVEN_URL="+given.serveTLS(t, time.Now().Add(time.Hour), ok, "127.0.0.1").URL,
	)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestCAIsAppended") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestACAThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"no PEM":        {"certificate", "-----BEGIN CERTIFICATE-----"},
		"a path":        {"/etc/ssl/ca.pem", "-----BEGIN CERTIFICATE-----"},
		"a private key": {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", `"PRIVATE KEY"`},
		"garbage":       {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "block 1"},
		"garbage second": {
			string(newAuthority(t, "ours").pem) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "block 2",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := outbound.NewClient(outbound.Options{CA: []byte(tt.text)})
			if err == nil || client != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("NewClient = %v, %v, want an error with %s", client, err, tt.want)
			}
		})
	}
}
