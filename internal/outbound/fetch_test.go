package outbound_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

func TestRefused(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // nobody listens here now
	_, failure := post(t, outbound.Options{}, "http://"+l.Addr().String())
	wants(t, failure, outbound.KindConnect, false)
}

// TestWhatOnlyASocketShows has a server each that breaks off in its own way.
func TestWhatOnlyASocketShows(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		serve  func(net.Conn)
		kind   outbound.Kind
		status int
	}{
		"reset before the request is read": {func(c net.Conn) { _, _ = c.Read(make([]byte, 1)); reset(c) }, outbound.KindLost, 0},
		"reset after the request is read":  {func(c net.Conn) { take(c); reset(c) }, outbound.KindLost, 0},
		"closed after the request is read": {func(c net.Conn) { take(c) }, outbound.KindLost, 0},
		"half a status line":               {says("HTTP/1.1 20"), outbound.KindLost, 0},
		"no HTTP":                          {says("SSH-2.0-OpenSSH_9.9\r\n"), outbound.KindLost, 0},
		"half an answer":                   {says("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\":"), outbound.KindLost, 200},
		"half a chunk":                     {says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"st"), outbound.KindLost, 200},
		"no end of the header":             {says("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2<<20) + "\r\n\r\n"), outbound.KindLost, 0},
		"silence":                          {hang, outbound.KindTimeout, 0},
		"silence after the status":         {func(c net.Conn) { says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")(c); hang(c) }, outbound.KindTimeout, 200},
		"a drip":                           {drip, outbound.KindTimeout, 200},
		"no end":                           {says("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + strings.Repeat("x", 1<<16)), outbound.KindTooLarge, 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := outbound.NewClient(outbound.Options{})
			if err != nil {
				t.Fatal(err)
			}
			limit := long
			if tt.kind == outbound.KindTimeout {
				limit = soon
			}
			start := time.Now()
			answer, failure := postWith(t, client, "http://"+listen(t, tt.serve), limit)
			wants(t, failure, tt.kind, true)
			if answer.Status != tt.status || len(answer.Body) > 1000 {
				t.Errorf("status %d with %d bytes, want %d with at most 1000", answer.Status, len(answer.Body), tt.status)
			}
			if took := time.Since(start); took > long/2 {
				t.Errorf("took %v of a limit of %v", took, limit)
			}
		})
	}
}

// says answers a request with text and closes the connection.
func says(text string) func(net.Conn) {
	return func(c net.Conn) {
		take(c)
		_, _ = io.WriteString(c, text)
	}
}

// drip sends a byte of the body now and then, for longer than anybody waits.
func drip(c net.Conn) {
	says("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")(c)
	for range 500 { // ten seconds
		if _, err := io.WriteString(c, "x"); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestAClearNoNeedsNoWholeExplanation(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 400, 401, 429, 500, 503} {
		for how, serve := range map[string]func(net.Conn){
			"cut short": says(fmt.Sprintf("HTTP/1.1 %d X\r\nRetry-After: 3\r\nContent-Length: 100\r\n\r\n{", status)),
			"too large": says(fmt.Sprintf("HTTP/1.1 %d X\r\nRetry-After: 3\r\nConnection: close\r\n\r\n%s", status, strings.Repeat("x", 1<<16))),
		} {
			answer, failure := post(t, outbound.Options{}, "http://"+listen(t, serve))
			if answer.Status != status || answer.Header.Get("Retry-After") != "3" {
				t.Errorf("%d, %s: status %d, Retry-After %q, want them as sent", status, how, answer.Status, answer.Header.Get("Retry-After"))
			}
			if tooLarge := status >= 500 && how == "too large"; (failure != nil) != tooLarge {
				t.Errorf("%d, %s: failure %v", status, how, failure)
			}
		}
	}
}

func TestTheLimitHoldsAfterDecoding(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		bomb := gzip.NewWriter(w)
		defer func() { _ = bomb.Close() }()
		_, _ = io.CopyN(bomb, zeros{}, 4<<20)
	}))
	t.Cleanup(server.Close)
	answer, failure := post(t, outbound.Options{}, server.URL)
	wants(t, failure, outbound.KindTooLarge, true)
	if len(answer.Body) != 1000 {
		t.Errorf("read %d bytes, want 1000", len(answer.Body))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAnAnswerOfExactlyTheLimitIsWhole(t *testing.T) {
	t.Parallel()
	for size, whole := range map[int]bool{999: true, 1000: true, 1001: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", size))
		}))
		t.Cleanup(server.Close)
		answer, failure := post(t, outbound.Options{}, server.URL)
		if (failure == nil) != whole || len(answer.Body) != min(size, 1000) {
			t.Errorf("%d bytes: read %d, %v, want whole: %v", size, len(answer.Body), failure, whole)
		}
	}
}

func TestTheLimitOfATryIsNotTheEndOfTheRun(t *testing.T) {
	t.Parallel()
	address := "http://" + listen(t, hang)
	errSignal := errors.New("SIGTERM")
	tests := map[string]struct {
		limit time.Duration
		run   func() (context.Context, context.CancelFunc)
		kind  outbound.Kind
		cause error
	}{
		"limit": {50 * time.Millisecond, func() (context.Context, context.CancelFunc) {
			return context.WithCancel(t.Context())
		}, outbound.KindTimeout, nil},
		"limit within the run's deadline": {50 * time.Millisecond, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), time.Minute)
		}, outbound.KindTimeout, nil},
		"run's deadline": {time.Minute, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 50*time.Millisecond)
		}, outbound.KindStopped, context.DeadlineExceeded},
		"run's deadline without a limit": {0, func() (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errSignal)
		}, outbound.KindStopped, errSignal},
		"signal": {time.Minute, func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(50*time.Millisecond, func() { cancel(errSignal) })
			return ctx, func() { cancel(nil) }
		}, outbound.KindStopped, errSignal},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := tt.run()
			defer cancel()
			client, err := outbound.NewClient(outbound.Options{})
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = outbound.Fetch(ctx, client, req, tt.limit, 1000)
			var failure *outbound.Failure
			if !errors.As(err, &failure) {
				t.Fatalf("error %v, want a Failure", err)
			}
			wants(t, failure, tt.kind, true)
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("error %v, want the cause %v", err, tt.cause)
			}
		})
	}
}

// TestNetHTTPDoesNotReplayAPost has a server that closes a kept connection
// once it has the second request: net/http would repeat a GET, or a POST with
// an Idempotency-Key, on its own.
func TestNetHTTPDoesNotReplayAPost(t *testing.T) {
	t.Parallel()
	var taken atomic.Int32
	address := "http://" + listen(t, func(c net.Conn) {
		for n := 0; take(c); n++ {
			taken.Add(1)
			if n > 0 {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	client, err := outbound.NewClient(outbound.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if answer, failure := postWith(t, client, address, long); failure != nil || string(answer.Body) != "ok" {
		t.Fatalf("the first request: %q, %v", answer.Body, failure)
	}
	_, failure := postWith(t, client, address, long)
	wants(t, failure, outbound.KindLost, true)
	if got := taken.Load(); got != 2 {
		t.Errorf("the server took %d requests, want 2", got)
	}
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ours")
	var protocol atomic.Int32
	server := ca.serveTLS(t, time.Now().Add(time.Hour), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocol.Store(int32(r.ProtoMajor))
		_, _ = io.Copy(io.Discard, r.Body)
		switch r.URL.Path {
		case "/broken":
			panic(http.ErrAbortHandler)
		case "/silent":
			<-r.Context().Done()
		}
		_, _ = io.WriteString(w, "ok")
	}), "127.0.0.1")
	answer, failure := post(t, outbound.Options{CA: ca.pem}, server.URL)
	if failure != nil || string(answer.Body) != "ok" || protocol.Load() != 2 {
		t.Errorf("answer %q by HTTP/%d, %v, want ok by HTTP/2", answer.Body, protocol.Load(), failure)
	}
	_, failure = post(t, outbound.Options{CA: ca.pem}, server.URL+"/broken")
	wants(t, failure, outbound.KindLost, true)
	client, err := outbound.NewClient(outbound.Options{CA: ca.pem})
	if err != nil {
		t.Fatal(err)
	}
	_, failure = postWith(t, client, server.URL+"/silent", soon)
	wants(t, failure, outbound.KindTimeout, true)
}

func TestAHostThatIsNone(t *testing.T) {
	t.Parallel()
	// A label of 64 letters is no name, so that no server is asked for it.
	_, failure := post(t, outbound.Options{}, "http://"+strings.Repeat("a", 64)+".test/")
	wants(t, failure, outbound.KindDNS, false)
	if !failure.NoSuchHost {
		t.Error("NoSuchHost is false, want true")
	}
}
