package receive_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/receive"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// box is an inbox in memory that can be told to fail.
type box struct {
	mu   sync.Mutex
	kept []inbox.Entry
	fail error
}

// Put implements [receive.Inbox].
func (b *box) Put(_ context.Context, e inbox.Entry) (inbox.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return inbox.Receipt{}, b.fail
	}
	for i, one := range b.kept {
		if one.Source == e.Source && one.Key == e.Key {
			return inbox.Receipt{ID: fmt.Sprint(i), Duplicate: true}, nil
		}
	}
	b.kept = append(b.kept, e)
	return inbox.Receipt{ID: fmt.Sprint(len(b.kept) - 1)}, nil
}

// door is a front door and what is behind it.
type door struct {
	url    string
	addr   string
	box    *box
	failed map[string]bool // events whose deliveries are dead
	woken  int
	seen   []string // answers, as they are counted
}

func open(t *testing.T, room *receive.Room) *door {
	t.Helper()
	sources := map[string]*source.Source{}
	for _, c := range []source.Config{
		{Name: "hub", Service: source.GitHub, Verify: source.Verification{Secrets: []secret.String{secret.New("old"), secret.New("new")}}},
		{Name: "bugs", Service: source.BetterBugs, Verify: source.Verification{Header: "X-Relay-Secret", Secrets: []secret.String{secret.New("s")}}},
		{Name: "small", Service: source.Gleap, MaxBody: 100, Verify: source.Verification{None: true}},
		{Name: "large", Service: source.Gleap, Verify: source.Verification{None: true}},
	} {
		src, err := source.New(c)
		if err != nil {
			t.Fatal(err)
		}
		sources[c.Name] = src
	}
	d := &door{box: &box{}, failed: map[string]bool{}}
	var mu sync.Mutex
	mux := http.NewServeMux()
	mux.Handle("/hooks/{source}", &receive.Handler{
		Source: func(name string) (*source.Source, bool) { s, ok := sources[name]; return s, ok },
		Inbox:  d.box,
		Failed: func(_ context.Context, id string) (bool, error) { return d.failed[id], nil },
		Kept:   func() { mu.Lock(); defer mu.Unlock(); d.woken++ },
		Observe: func(source, answer string, _ time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			d.seen = append(d.seen, source+": "+answer)
		},
		Log:  slog.New(slog.DiscardHandler),
		Room: room,
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	d.url, d.addr = server.URL, server.Listener.Addr().String()
	return d
}

func roomy() *receive.Room { return receive.NewRoom(100, 64<<20) }

// send makes a request and returns its status and JSON.
func (d *door) send(t *testing.T, method, name string, body []byte, header ...string) (int, map[string]string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, d.url+"/hooks/"+name, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer := map[string]string{}
	if method != http.MethodHead {
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			t.Fatalf("status %d: %v", resp.StatusCode, err)
		}
	}
	return resp.StatusCode, answer, resp.Header
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	body := []byte(`{"zen":"yes"}`)
	for name, tt := range map[string]struct {
		method, source string
		body           []byte
		header         []string
		status         int
		answer         map[string]string
	}{
		"signed":                  {"POST", "hub", body, []string{"X-Hub-Signature-256", sign("new", body)}, 200, map[string]string{"id": "0", "state": "accepted"}},
		"signed, older secret":    {"POST", "hub", body, []string{"X-Hub-Signature-256", sign("old", body)}, 200, map[string]string{"id": "0", "state": "accepted"}},
		"signed wrongly":          {"POST", "hub", body, []string{"X-Hub-Signature-256", sign("other", body)}, 401, map[string]string{"error": "not verified"}},
		"not signed":              {"POST", "hub", body, nil, 401, map[string]string{"error": "not verified"}},
		"unknown source":          {"POST", "nothing", body, nil, 404, map[string]string{"error": "unknown source"}},
		"another method":          {"GET", "hub", nil, nil, 405, map[string]string{"error": "method not allowed"}},
		"another content type":    {"POST", "large", body, []string{"Content-Type", "text/xml"}, 415, map[string]string{"error": "unsupported content type"}},
		"a compressed body":       {"POST", "large", body, []string{"Content-Encoding", "gzip"}, 415, map[string]string{"error": "unsupported content encoding"}},
		"as large as allowed":     {"POST", "small", pad(100), nil, 200, map[string]string{"id": "0", "state": "accepted"}},
		"larger":                  {"POST", "small", pad(101), nil, 413, map[string]string{"error": "too large"}},
		"nothing to parse":        {"POST", "large", []byte("{"), nil, 200, map[string]string{"id": "0", "state": "accepted"}},
		"a report":                {"POST", "bugs", body, []string{"X-Relay-Secret", "s"}, 200, map[string]string{"id": "0", "state": "accepted"}},
		"a report, wrong secret":  {"POST", "bugs", body, []string{"X-Relay-Secret", "x"}, 401, map[string]string{"error": "not verified"}},
		"a check by POST":         {"POST", "bugs", nil, nil, 200, map[string]string{"id": "0", "state": "unverified"}},
		"a check by GET":          {"GET", "bugs", nil, nil, 200, map[string]string{"id": "0", "state": "unverified"}},
		"a check by HEAD":         {"HEAD", "bugs", nil, nil, 200, map[string]string{}},
		"a check by OPTIONS":      {"OPTIONS", "bugs", nil, nil, 200, map[string]string{"id": "0", "state": "unverified"}},
		"a check by PUT":          {"PUT", "bugs", []byte("x"), []string{"Content-Type", "text/plain"}, 200, map[string]string{"id": "0", "state": "unverified"}},
		"no check is that large":  {"POST", "bugs", pad(64<<10 + 1), nil, 401, map[string]string{"error": "not verified"}},
		"a path below the source": {"POST", "hub%2Fx", body, nil, 404, map[string]string{"error": "unknown source"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, roomy())
			status, answer, _ := d.send(t, tt.method, tt.source, tt.body, tt.header...)
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			if diff := cmp.Diff(tt.answer, answer); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if kept := len(d.box.kept) == 1; kept != (tt.status == 200) {
				t.Errorf("kept: %v, but status %d", kept, status)
			}
			if len(d.seen) != 1 {
				t.Errorf("counted %q, want one answer", d.seen)
			}
		})
	}
}

// pad makes JSON of a size.
func pad(size int) []byte { return []byte(`"` + strings.Repeat("x", size-2) + `"`) }

func TestKeepsWhatCame(t *testing.T) {
	t.Parallel()
	d := open(t, roomy())
	body := []byte("{\"a\": \"\u00e9\\u0000\"}  ")
	d.send(t, "POST", "bugs", body, "X-Relay-Secret", "s", "X-Other", "1")
	e := d.box.kept[0]
	if !bytes.Equal(e.Body, body) {
		t.Errorf("kept %q, want the bytes as they came: %q", e.Body, body)
	}
	if e.Header.Get("X-Relay-Secret") != "***" || e.Header.Get("X-Other") != "1" {
		t.Errorf("kept the header %v, want the secret replaced and the rest as it was", e.Header)
	}
	if e.Remote != "127.0.0.1" || e.Method != http.MethodPost || e.Received.IsZero() || d.woken != 1 {
		t.Errorf("kept %+v, woke %d times", e, d.woken)
	}
}

func TestRepetitionsAreTold(t *testing.T) {
	t.Parallel()
	d := open(t, roomy())
	var states []string
	for i := range 3 {
		d.failed["0"] = i == 2 // GitHub's Redeliver button, after a failure
		_, answer, _ := d.send(t, "POST", "large", []byte("{}"))
		states = append(states, answer["state"])
	}
	if diff := cmp.Diff([]string{"accepted", "duplicate", "rearmed"}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestNotKeptIs503(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]error{
		"queue full": fmt.Errorf("keep: %w", inbox.ErrFull), "disk full": errors.New("database or disk is full"), "too late": context.DeadlineExceeded,
	} {
		d := open(t, roomy())
		d.box.fail = fail
		status, answer, header := d.send(t, "POST", "large", []byte("{}"))
		if status != 503 || header.Get("Retry-After") == "" || answer["error"] != "not kept" {
			t.Errorf("%s: %d %v, Retry-After %q; want 503 with one", name, status, answer, header.Get("Retry-After"))
		}
		d.box.fail = nil
		if status, answer, _ = d.send(t, "POST", "large", []byte("{}")); status != 200 || answer["state"] != "accepted" {
			t.Errorf("%s: the repetition got %d %v, want it accepted", name, status, answer)
		}
	}
}

// The first check of an address has to get its 200, whether or not there is
// room to keep it.
func TestUnverifiedGetsItsAnswerWithoutRoom(t *testing.T) {
	t.Parallel()
	d := open(t, roomy())
	d.box.fail = fmt.Errorf("keep: %w", inbox.ErrFull)
	if status, answer, _ := d.send(t, "GET", "bugs", nil); status != 200 || answer["state"] != "unverified" || d.woken != 0 {
		t.Errorf("%d %v, woke %d times; want 200", status, answer, d.woken)
	}
}

func TestRoomIsBounded(t *testing.T) {
	t.Parallel()
	d := open(t, receive.NewRoom(10, 128<<10))
	if status, _, _ := d.send(t, "POST", "large", pad(200<<10)); status != 503 {
		t.Errorf("a body larger than the room got %d, want 503", status)
	}
	for range 3 { // its room is free again
		if status, _, _ := d.send(t, "POST", "large", pad(100<<10)); status != 200 {
			t.Errorf("a body that fits got %d, want 200", status)
		}
	}
	none := open(t, receive.NewRoom(0, 1<<20))
	if status, _, header := none.send(t, "POST", "large", nil); status != 503 || header.Get("Retry-After") == "" {
		t.Errorf("one request too many got %d, want 503", status)
	}
}

// raw sends bytes as they are and reads the answer's status.
func (d *door) raw(t *testing.T, text string) int {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// A body is kept whole or not at all, also where no signature would show that
// its end is missing.
func TestTruncatedBodyIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t, roomy())
	head := "POST /hooks/large HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	d.raw(t, head+"Content-Length: 10\r\n\r\n{}")
	d.raw(t, head+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
	if len(d.box.kept) != 0 {
		t.Errorf("kept %d truncated bodies", len(d.box.kept))
	}
	if status := d.raw(t, head+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"); status != 200 || len(d.box.kept) != 1 {
		t.Errorf("a whole chunked body got %d, %d kept", status, len(d.box.kept))
	}
	if status := d.raw(t, "POST /hooks/small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nc8\r\n"+strings.Repeat("x", 200)+"\r\n0\r\n\r\n"); status != 413 {
		t.Errorf("a chunked body over the cap got %d, want 413", status)
	}
}
