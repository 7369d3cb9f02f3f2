package outbound

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync/atomic"
)

// stage is how far a call came.
type stage int32

const (
	dialling stage = iota
	handshaking
	connected // from here on bytes of the request may have been written
)

// progress follows a call through net/http's trace, whose hooks may run in
// another goroutine than the call.
type progress struct{ at atomic.Int32 }

func (p *progress) stage() stage { return stage(p.at.Load()) }

// trace returns the hooks. GetConn begins anew: net/http takes a second
// connection for a POST only where it wrote nothing to the first
// (net/http.persistConn.shouldRetryRequest).
func (p *progress) trace() *httptrace.ClientTrace {
	move := func(to stage) { p.at.Store(int32(to)) }
	return &httptrace.ClientTrace{
		GetConn:           func(string) { move(dialling) },
		TLSHandshakeStart: func() { p.at.CompareAndSwap(int32(dialling), int32(handshaking)) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil { // a proxy's; the server's may follow
				p.at.CompareAndSwap(int32(handshaking), int32(dialling))
			}
		},
		GotConn: func(httptrace.GotConnInfo) { move(connected) },
	}
}
