package hub

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const (
	tryLimit      = 30 * time.Second
	mostAnswer    = 32 << 20 // a page of 100 check runs may hold 64 KiB of summary and of text each
	mostRedirects = 3
)

// wire carries the requests of one call: authorised, conditional, within the
// rate limits. It turns every answer that is not a success into an [*Error].
type wire struct {
	client *Client
	token  secret.String
	failed *Error
}

// RoundTrip implements [http.RoundTripper].
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.trip(req)
	if err != nil {
		w.failed = err
		return nil, err
	}
	return resp, nil
}

func (w *wire) trip(req *http.Request) (*http.Response, *Error) {
	if until, limited := w.client.limits.blocked(w.token, time.Now()); limited {
		return nil, &Error{Kind: KindRateLimited, Until: until}
	}
	for range mostRedirects {
		answer, err := w.send(req)
		if err != nil {
			return nil, err
		}
		if answer.Status/100 == 2 {
			return response(req, answer), nil
		}
		next, moved := w.follow(req, answer)
		if !moved {
			if token := w.token.Reveal(); token != "" { // should somebody echo our headers
				answer.Body = bytes.ReplaceAll(answer.Body, []byte(token), []byte("***"))
			}
			failure := classify(req.Method, answer, time.Now())
			if failure.Kind == KindRateLimited {
				w.client.limits.block(w.token, failure.Until)
			}
			return nil, failure
		}
		req = next
	}
	return nil, &Error{Kind: KindMoved, Err: fmt.Errorf("it redirects more than %d times", mostRedirects)}
}

// send makes one request. An unchanged answer is taken from the cache.
func (w *wire) send(req *http.Request) (outbound.Answer, *Error) {
	req = req.Clone(req.Context()) // a RoundTripper must not change its request
	if !w.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+w.token.Reveal())
	}
	kept, known := w.client.cache.get(req)
	if known {
		req.Header.Set("If-None-Match", kept.Header.Get("ETag"))
	}
	answer, err := outbound.Fetch(req.Context(), w.client.http, req, tryLimit, mostAnswer)
	if err != nil {
		return answer, lost(req.Method, err)
	}
	if until, spent := spent(answer.Header, time.Now()); spent {
		w.client.limits.block(w.token, until)
	}
	if known && answer.Status == http.StatusNotModified {
		return kept, nil
	}
	w.client.counted.Add(1)
	w.client.cache.put(req, answer)
	return answer, nil
}

// lost is the error for a request without an answer.
func lost(method string, err error) *Error {
	e := &Error{Kind: KindNetwork, Err: err}
	var failure *outbound.Failure
	if errors.As(err, &failure) {
		e.Ambiguous = writes(method) && failure.Sent
	}
	return e
}

// follow makes the request that a redirect asks for: a renamed repository's
// reads are answered by 301 at the same host. A write is not repeated, and
// nothing goes to another host.
func (w *wire) follow(req *http.Request, answer outbound.Answer) (*http.Request, bool) {
	if answer.Status/100 != 3 || req.Method != http.MethodGet {
		return nil, false
	}
	to, err := req.URL.Parse(answer.Header.Get("Location"))
	if err != nil || answer.Header.Get("Location") == "" || !sameOrigin(to, w.client.base) {
		return nil, false
	}
	next := req.Clone(req.Context())
	next.URL, next.Host = to, ""
	return next, true
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host && a.User == nil }

// response is an answer in the form that go-github reads.
func response(req *http.Request, a outbound.Answer) *http.Response {
	header := a.Header.Clone()
	// Limits are kept here, and go-github would keep them for one call.
	header.Del("X-RateLimit-Remaining")
	header.Del("X-RateLimit-Reset")
	return &http.Response{
		Status:     strconv.Itoa(a.Status) + " " + http.StatusText(a.Status),
		StatusCode: a.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(a.Body)),
		ContentLength: int64(len(a.Body)), Request: req,
	}
}

func writes(method string) bool { return method != http.MethodGet && method != http.MethodHead }
