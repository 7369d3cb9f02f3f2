// Package inmemory calls an HTTP handler without any socket, so that tests can
// run it in fake time. Only tests use it.
package inmemory

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
)

// Transport calls h for every request.
func Transport(h http.Handler) http.RoundTripper { return transport{h} }

type transport struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	served := req.Clone(req.Context())
	served.RequestURI, served.Host = req.URL.RequestURI(), req.URL.Host
	if served.Body == nil {
		served.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	closed := serve(t.handler, recorder, served)
	switch {
	case req.Context().Err() != nil:
		return nil, req.Context().Err()
	case closed:
		return nil, io.ErrUnexpectedEOF
	}
	resp := recorder.Result()
	resp.Request = req
	return resp, nil
}

// serve reports whether the handler closed the connection in net/http's way.
func serve(h http.Handler, w http.ResponseWriter, req *http.Request) (closed bool) {
	defer func() {
		switch reason := recover(); reason {
		case nil:
		case http.ErrAbortHandler:
			closed = true
		default:
			panic(reason) //nolint:forbidigo // it was not ours to stop
		}
	}()
	h.ServeHTTP(w, req)
	return false
}
