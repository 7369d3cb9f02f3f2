package ready_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/ready"
)

// app answers in memory: a socket inside a synctest bubble would stop its
// clock.
type app func(*http.Request) (*http.Response, error)

func (a app) RoundTrip(req *http.Request) (*http.Response, error) { return a(req) }

func (a app) client() *http.Client { return &http.Client{Transport: a} }

// inTurn answers with one app after the other, and with the last for ever.
func inTurn(apps ...app) app {
	n := 0
	return func(req *http.Request) (*http.Response, error) {
		next := apps[min(n, len(apps)-1)]
		n++
		return next(req)
	}
}

// times repeats an app, for inTurn.
func times(n int, a app) []app {
	var apps []app
	for range n {
		apps = append(apps, a)
	}
	return apps
}

// says answers with a status, headers as name and value, and a body.
func says(status int, body string, headers ...string) app {
	return func(req *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(headers); i += 2 {
			h.Add(headers[i], headers[i+1])
		}
		return &http.Response{
			StatusCode: status, Header: h, Request: req,
			Body: io.NopCloser(bytes.NewBufferString(body)),
		}, nil
	}
}

func noSuchHost(*http.Request) (*http.Response, error) {
	return nil, &net.DNSError{Err: "no such host", Name: "app.example", IsNotFound: true}
}

func silent(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// wait runs a check in fake time against an app, within the given time.
func wait(t *testing.T, a app, within time.Duration, c ready.Check) (report ready.Report, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		start := time.Now()
		var err error
		report, err = ready.Wait(ctx, a.client(), c)
		took = time.Since(start)
		if err != nil {
			t.Fatalf("Wait: %v", err)
		}
	})
	return report, took
}

func parseURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// must returns a parsed value; tests parse only what is right.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
