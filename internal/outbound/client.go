// Package outbound is how every HTTP call leaves: which proxy, which
// certificates, no redirects, no unlimited bodies, and the retry policy for
// requests that must not be made twice. What is said in a call is not its
// business.
package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// Options say how calls leave. The zero value calls directly and trusts the
// system's certificates.
type Options struct {
	// CA holds PEM certificates to trust beside the system's.
	CA []byte
	// Getenv tells HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case.
	Getenv func(string) string
	// UserAgent is set on requests that name none.
	UserAgent string
}

// connectLimit is the time for a connection, and again for its TLS. It is well
// below the time of a try, so that a host which swallows packets leaves time
// for another.
const connectLimit = 10 * time.Second

// mostHeader is the largest header of an answer, in bytes.
const mostHeader = 1 << 20

// NewClient makes the client of a run. It follows no redirect: any header that
// holds a key, except Authorization, would go along to another host
// (net/http.Client.makeHeadersCopier). It has no time limit of its own; calls
// carry deadlines.
func NewClient(o Options) (*http.Client, error) {
	roots, err := trusted(o.CA)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy:                  proxy(o.Getenv),
		DialContext:            (&net.Dialer{Timeout: connectLimit}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           16,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    connectLimit,
		MaxResponseHeaderBytes: mostHeader,
	}
	return &http.Client{
		Transport: polite{transport, o.UserAgent},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}, nil
}

// polite names the program to the other side, and reads redirects for us.
type polite struct {
	next      http.RoundTripper
	userAgent string
}

// RoundTrip implements [http.RoundTripper].
func (p polite) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.userAgent != "" && req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context()) // a RoundTripper must not change its request
		req.Header.Set("User-Agent", p.userAgent)
	}
	resp, err := p.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if _, err := req.URL.Parse(resp.Header.Get("Location")); err != nil {
		// net/http would make an error of it, quoting it, and a lost answer of
		// a clear one, before it asks CheckRedirect.
		resp.Header.Del("Location")
	}
	return resp, nil
}

// trusted returns the system's certificates and extra, or nil for the
// system's alone.
func trusted(extra []byte) (*x509.CertPool, error) {
	if len(extra) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	found := 0
	for block, rest := pem.Decode(extra); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("read certificates: found a PEM block %q: want CERTIFICATE only", block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read certificates: block %d: %w", found+1, err)
		}
		pool.AddCert(cert)
		found++
	}
	if found == 0 {
		return nil, fmt.Errorf("read certificates: no PEM block: want text that begins with -----BEGIN CERTIFICATE-----")
	}
	return pool, nil
}

// proxy reads the environment once, through getenv, as net/http would from the
// process's own.
func proxy(getenv func(string) string) func(*http.Request) (*url.URL, error) {
	if getenv == nil {
		return nil
	}
	either := func(upper, lower string) string {
		if v := getenv(upper); v != "" {
			return v
		}
		return getenv(lower)
	}
	pick := (&httpproxy.Config{
		HTTPProxy:  either("HTTP_PROXY", "http_proxy"),
		HTTPSProxy: either("HTTPS_PROXY", "https_proxy"),
		NoProxy:    either("NO_PROXY", "no_proxy"),
		CGI:        getenv("REQUEST_METHOD") != "",
	}).ProxyFunc()
	return func(req *http.Request) (*url.URL, error) { return pick(req.URL) }
}
