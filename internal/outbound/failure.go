package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
)

// Kind says at which point a call failed.
type Kind string

// The kinds of failure. Before Lost, nothing of the request was written.
const (
	KindDNS         Kind = "dns"         // the host name has no address
	KindConnect     Kind = "connect"     // no connection, or the proxy made none
	KindTLS         Kind = "tls"         // the handshake failed
	KindCertificate Kind = "certificate" // the certificate is not trusted
	KindLost        Kind = "lost"        // the connection broke after the request was, or may have been, written
	KindTimeout     Kind = "timeout"     // no answer in time after the request was, or may have been, written
	KindTooLarge    Kind = "too-large"   // an answer came that is larger than allowed
	KindStopped     Kind = "stopped"     // the caller's context ended
)

// Failure is a call without a usable answer.
type Failure struct { //nolint:errname // it is kept in attempts and read there more than it is returned
	Kind Kind
	// Sent reports whether the other side may have got the request.
	Sent bool
	// Host is the host and port called.
	Host string
	// NoSuchHost reports that the name does not exist, rather than that
	// nobody could be asked.
	NoSuchHost bool
	// Err is the cause. It does not name the URL called, since a URL's query
	// may hold a secret.
	Err error
}

// Error implements error.
func (f *Failure) Error() string {
	switch f.Kind {
	case KindDNS:
		return fmt.Sprintf("resolve %s: %v", f.Host, f.Err)
	case KindConnect:
		return fmt.Sprintf("connect to %s: %v", f.Host, f.Err)
	case KindTLS, KindCertificate:
		return fmt.Sprintf("set up TLS with %s: %v", f.Host, f.Err)
	case KindLost:
		return fmt.Sprintf("get a whole answer from %s: %v", f.Host, f.Err)
	case KindTimeout:
		return fmt.Sprintf("no answer from %s in time", f.Host)
	case KindTooLarge:
		return fmt.Sprintf("read the answer of %s: %v", f.Host, f.Err)
	}
	return fmt.Sprintf("call %s: %v", f.Host, f.Err)
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// failed sorts an error of net/http by the stage at which it came.
func failed(ctx context.Context, host string, at stage, err error) *Failure {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	f := &Failure{Host: host, Sent: at == connected, Err: err}
	switch {
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), errTryOver):
		f.Kind, f.Err = KindStopped, context.Cause(ctx)
	case at == connected && (ctx.Err() != nil || isTimeout(err)):
		f.Kind = KindTimeout
	case at == connected:
		f.Kind = KindLost
	default:
		f.Kind, f.NoSuchHost = beforeSending(at, err)
	}
	return f
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// beforeSending sorts what can go wrong before a connection stands. A
// handshake has few errors with a type: an alert of the other side has none.
func beforeSending(at stage, err error) (kind Kind, noSuchHost bool) {
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &dns):
		return KindDNS, dns.IsNotFound
	case errors.As(err, &certificate):
		return KindCertificate, false
	case at == handshaking:
		return KindTLS, false
	}
	return KindConnect, false
}
