package sandbox_test

import (
	"crypto/x509"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
)

func TestCertificateIsForNamesAndAddresses(t *testing.T) {
	t.Parallel()
	authority, leaf, err := sandbox.Certificate("shop.example.com", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(leaf.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		t.Fatal("the authority is no PEM certificate")
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "shop.example.com", "192.0.2.1"} {
		if _, err := cert.Verify(x509.VerifyOptions{DNSName: host, Roots: roots}); err != nil {
			t.Errorf("Verify(%q): %v", host, err)
		}
	}
	if _, err := cert.Verify(x509.VerifyOptions{DNSName: "192.0.2.2", Roots: roots}); err == nil {
		t.Error("Verify of another address: no error, want one")
	}
}
