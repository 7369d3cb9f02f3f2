package outbound_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"time"

	"crypto/tls"
	"crypto/x509"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/poll"
)

// step is what one try meets.
type step func(*http.Request) (*http.Response, error)

// script answers try after try, and the last step's way from there on. It is
// an [http.RoundTripper] without a socket, so that time can be fake.
type script struct {
	steps  []step
	bodies []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	next := s.steps[min(len(s.bodies), len(s.steps)-1)]
	s.bodies = append(s.bodies, string(body))
	return next(req)
}

// connect tells net/http's trace that the request has a connection.
func connect(req *http.Request) {
	trace := httptrace.ContextClientTrace(req.Context())
	trace.GetConn("service.test:443")
	trace.GotConn(httptrace.GotConnInfo{})
}

// status answers; the headers are pairs of name and value.
func status(code int, header ...string) step {
	return answers(code, strings.NewReader("{}"), header...)
}

func answers(code int, body io.Reader, header ...string) step {
	return func(req *http.Request) (*http.Response, error) {
		connect(req)
		resp := &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(body), Request: req}
		for i := 0; i < len(header); i += 2 {
			resp.Header.Set(header[i], header[i+1])
		}
		return resp, nil
	}
}

// before fails without a connection, after fails with one.
func before(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func after(err error) step {
	return func(req *http.Request) (*http.Response, error) {
		connect(req)
		return nil, err
	}
}

// handshake fails while TLS is set up.
func handshake(err error) step {
	return func(req *http.Request) (*http.Response, error) {
		trace := httptrace.ContextClientTrace(req.Context())
		trace.TLSHandshakeStart()
		trace.TLSHandshakeDone(tls.ConnectionState{}, err)
		return nil, err
	}
}

// silent takes the request and says nothing; swallowed does not even connect.
func silent(req *http.Request) (*http.Response, error) {
	connect(req)
	return swallowed(req)
}

func swallowed(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, context.Cause(req.Context())
}

// staleThen is what net/http does with an idle connection that turns out to be
// closed before anything was written: it takes another.
func staleThen(next step) step {
	return func(req *http.Request) (*http.Response, error) {
		connect(req)
		httptrace.ContextClientTrace(req.Context()).GetConn("service.test:443")
		return next(req)
	}
}

// broken is a body that ends before it is whole.
func broken() io.Reader {
	return io.MultiReader(strings.NewReader(`{"status":`), failing{io.ErrUnexpectedEOF})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

func noSuchHost() error {
	return &net.DNSError{Err: "no such host", Name: "service.test", IsNotFound: true}
}

func nobodyToAsk() error {
	return &net.DNSError{Err: "server misbehaving", Name: "service.test", IsTemporary: true}
}

func untrusted() error {
	return &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
}

var (
	errReset     = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errHandshake = errors.New("tls: no supported versions satisfy MinVersion and MaxVersion")
)

// poster is one with the limits of the action and a wait of one second.
func poster(s *script, ambiguous int) *outbound.Poster {
	return &outbound.Poster{
		Client: &http.Client{Transport: s},
		Tries:  5, Ambiguous: ambiguous, Budget: 2 * time.Minute, Limit: time.Minute, Most: 1024,
		Backoff: poll.Constant(time.Second), Sleep: poll.Sleep,
	}
}

// build makes the request of a try.
func build(ctx context.Context) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodPost, "https://service.test/hook?token=hunter2", strings.NewReader(`{"a":1}`))
}
