package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/admin"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// hostile is what a stranger may write into any field.
const hostile = `<script>alert(1)</script>" onmouseover="x`

// book is a journal of one event.
type book struct {
	asked journal.Query
	done  []string
	state work.State // of its delivery; "" means dead
}

func (b *book) event() journal.Event {
	state := b.state
	if state == "" {
		state = work.Dead
	}
	return journal.Event{
		ID: "e1", Source: "bugs", Service: "betterbugs", Name: hostile, Subject: hostile, State: "routed", Note: hostile,
		Received: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Arrivals: 2,
		Deliveries: []work.Delivery{{ID: "d1", EventID: "e1", State: state, Note: hostile, URL: "javascript:alert(1)", Action: rule.Action{Rule: "r", Target: "t", Do: rule.Issue}}},
	}
}

func (b *book) Events(_ context.Context, q journal.Query) ([]journal.Event, error) {
	if q.State != "unverified" {
		b.asked = q
	}
	return []journal.Event{b.event()}, nil
}

func (b *book) Event(_ context.Context, id string) (journal.Detail, error) {
	if id != "e1" {
		return journal.Detail{}, fmt.Errorf("event %q: %w", id, journal.ErrNotFound)
	}
	return journal.Detail{
		Event: b.event(), Method: "POST", Header: http.Header{"X-A": {hostile}}, Payload: json.RawMessage(`{"a":"<script>"}`),
		Parsed:   event.Event{Title: hostile, URL: "javascript:alert(1)"},
		Attempts: map[string][]work.Attempt{"d1": b.attempts()},
	}, nil
}

func (b *book) Redeliver(_ context.Context, id string) (int, error) {
	if id == "busy" {
		return 0, work.ErrUnderway
	}
	b.done = append(b.done, "redeliver "+id)
	return 1, nil
}

func (b *book) Delivery(_ context.Context, id string) (journal.Delivery, error) {
	if id != "d1" {
		return journal.Delivery{}, work.ErrNotFound
	}
	return journal.Delivery{Delivery: b.event().Deliveries[0], Idempotent: true, Attempts: b.attempts()}, nil
}

func (*book) attempts() []work.Attempt {
	return []work.Attempt{{Number: 1, Outcome: "dead", Note: hostile, Exchanges: []target.Exchange{{
		Method: "POST", URL: "https://api.example.com/" + hostile, Header: http.Header{"X-A": {hostile}}, Body: `{"a":1}`,
		Took: time.Second, Status: 422, Answer: http.Header{"X-B": {hostile}}, Content: hostile,
	}}}}
}

func (b *book) Plan(_ context.Context, q journal.Query) (journal.Plan, error) {
	if q.State == "running" {
		return journal.Plan{}, &journal.ParameterError{Name: "state", Value: q.State, Want: "another"}
	}
	b.asked = q
	return journal.Plan{
		Until: time.Unix(2e9, 0).UTC(), States: []work.State{work.Dead}, Events: 1, Deliveries: b.event().Deliveries,
		Targets: []journal.PlanTarget{{Target: hostile, Do: rule.Dispatch, Deliveries: 1}},
	}, nil
}

func (b *book) RedeliverAll(_ context.Context, q journal.Query, want int) (int, error) {
	if want == 7 {
		return 0, journal.ErrChanged
	}
	b.done = append(b.done, fmt.Sprintf("redeliver %d of %s", want, q.Values().Encode()))
	return 1, nil
}

func (b *book) Sources(context.Context) ([]journal.Source, error) {
	return []journal.Source{{
		Name: "bugs", Service: "betterbugs", Loaded: true, URL: "https://relay.example.com/hooks/bugs", Verify: "secret in header X-S",
		Verified: true, Setup: []string{hostile}, EnvironmentURL: "javascript:alert(1)", Events: 3, Unverified: 1, LastEvent: b.event().Received,
	}}, nil
}

func (b *book) Rules(context.Context) ([]rule.Description, error) {
	return []rule.Description{{
		Name: "r", Do: rule.Issue, Target: "t", MaxAge: "2h", Sources: []string{"bugs"}, Kinds: []string{"bug"}, Statuses: []string{},
		Events: []string{}, Branches: []string{hostile}, Environments: []string{}, Workflows: []string{}, When: hostile,
		With: map[string]any{"title": hostile, "labels": []any{hostile}},
	}}, nil
}

func (b *book) Targets(context.Context) ([]journal.Target, error) {
	return []journal.Target{{
		Name: "t", Service: "github", As: "a token", Repositories: []string{"acme/web"},
		Pause: &work.Pause{Target: "t", Note: hostile},
	}}, nil
}

func (b *book) Health(context.Context) (journal.Health, error) {
	return journal.Health{
		Commits: true, Unrouted: 1, OldestUnrouted: b.event().Received, Deliveries: map[work.State]int{work.Dead: 3}, Paused: []string{"t"},
		InboxBytes: 5 << 20, FreeBytes: -1,
	}, nil
}

func (b *book) Resume(_ context.Context, name string) (int, error) {
	b.done = append(b.done, "resume "+name)
	return 2, nil
}

func open(t *testing.T, ready error) (*httptest.Server, *book) {
	t.Helper()
	b := &book{}
	server := httptest.NewServer(admin.Handler(admin.Options{
		Journal: b, Token: secret.New("tok"), Version: "v1",
		Ready:   func(context.Context) error { return ready },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") }),
		Sources: func() []string { return []string{"bugs", hostile} },
		Log:     slog.New(slog.DiscardHandler), Slow: time.Millisecond,
	}))
	t.Cleanup(server.Close)
	return server, b
}

// ask makes a request without following redirects.
func ask(t *testing.T, client *http.Client, method, address, body string, header ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

// browser is a client with cookies that stays where it is sent.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

const form = "application/x-www-form-urlencoded"

func login(t *testing.T, server *httptest.Server) *http.Client {
	t.Helper()
	client := browser(t)
	status, _, header := ask(t, client, "POST", server.URL+"/login", "token=tok", "Content-Type", form)
	if status != http.StatusSeeOther || header.Get("Location") != "/" {
		t.Fatalf("login: %d to %q", status, header.Get("Location"))
	}
	return client
}

func TestNothingWithoutTheToken(t *testing.T) {
	t.Parallel()
	server, b := open(t, nil)
	for _, request := range []string{
		"GET /", "GET /events/e1", "GET /deliveries/d1", "GET /redeliver", "POST /redeliver", "POST /redeliver/e1", "GET /sources", "GET /rules",
		"GET /health", "POST /resume/t", "GET /api/events", "GET /api/events/e1", "GET /api/deliveries/d1", "GET /api/redeliver",
		"POST /api/redeliver", "POST /api/redeliver/e1", "GET /api/sources", "GET /api/rules", "GET /api/targets", "POST /api/resume/t",
		"GET /api/health", "GET /metrics", "GET /anything",
	} {
		method, path, _ := strings.Cut(request, " ")
		for _, header := range [][]string{nil, {"Authorization", "Bearer wrong"}, {"Authorization", "Bearer "}, {"Cookie", "afterdeploy-relay=99999999999.00"}} {
			if status, body, _ := ask(t, browser(t), method, server.URL+path, "", header...); status != http.StatusUnauthorized || strings.Contains(body, "e1") {
				t.Errorf("%s with %q: %d %q, want 401", request, header, status, body)
			}
		}
	}
	if len(b.done) > 0 {
		t.Errorf("done without the token: %q", b.done)
	}
	if status, _, header := ask(t, browser(t), "GET", server.URL+"/", "", "Accept", "text/html"); status != http.StatusSeeOther || header.Get("Location") != "/login" {
		t.Errorf("a browser is sent to %q with %d, want /login", header.Get("Location"), status)
	}
	none := httptest.NewServer(admin.Handler(admin.Options{Journal: b, Metrics: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler), Slow: time.Millisecond}))
	defer none.Close()
	for _, token := range []string{"", "x"} {
		if status, _, _ := ask(t, browser(t), "POST", none.URL+"/login", "token="+token, "Content-Type", form); status != http.StatusUnauthorized {
			t.Errorf("login with %q where there is no token: %d, want 401", token, status)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	well, _ := open(t, nil)
	ill, _ := open(t, errors.New("disk full: /secret/path"))
	for _, tt := range []struct {
		address string
		status  int
	}{{well.URL + "/healthz", 200}, {well.URL + "/readyz", 200}, {ill.URL + "/healthz", 200}, {ill.URL + "/readyz", 503}} {
		if status, body, _ := ask(t, browser(t), "GET", tt.address, ""); status != tt.status || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %q, want %d", tt.address, status, body, tt.status)
		}
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	server, _ := open(t, nil)
	if status, body, _ := ask(t, browser(t), "POST", server.URL+"/login", "token=wrong", "Content-Type", form); status != http.StatusUnauthorized || !strings.Contains(body, "not the admin token") {
		t.Errorf("a wrong token: %d %q", status, body)
	}
	_, _, header := ask(t, browser(t), "POST", server.URL+"/login", "token=tok", "Content-Type", form)
	if c := header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Strict") || strings.Contains(c, "tok;") {
		t.Errorf("cookie %q", c)
	}
	client := login(t, server)
	if status, _, _ := ask(t, client, "GET", server.URL+"/", ""); status != http.StatusOK {
		t.Errorf("after login: %d", status)
	}
	ask(t, client, "POST", server.URL+"/logout", "")
	if status, _, _ := ask(t, client, "GET", server.URL+"/", ""); status != http.StatusUnauthorized {
		t.Errorf("after logout: %d", status)
	}
}

// Another site can make a browser send a form, but not have it obeyed.
func TestOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	server, b := open(t, nil)
	client := login(t, server)
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"},
	} {
		if status, _, _ := ask(t, client, "POST", server.URL+"/redeliver/e1", "event=e1", append(header, "Content-Type", form)...); status != http.StatusForbidden {
			t.Errorf("%q: %d, want 403", header, status)
		}
	}
	if len(b.done) > 0 {
		t.Errorf("done for another site: %q", b.done)
	}
}

// What strangers write stays text, and the browser is told to run nothing.
func TestPagesHoldNoScript(t *testing.T) {
	t.Parallel()
	server, _ := open(t, nil)
	client := login(t, server)
	for _, path := range []string{"/", "/events/e1", "/deliveries/d1", "/redeliver?text=" + url.QueryEscape(hostile), "/sources", "/rules", "/health", "/events/" + url.PathEscape(hostile), "/?text=" + url.QueryEscape(hostile) + "&state=" + url.QueryEscape(hostile)} {
		_, body, header := ask(t, client, "GET", server.URL+path, "")
		for _, bad := range []string{"<script", `" onmouseover="`, `href="javascript:`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
		if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if header.Get("Content-Type") != "text/html; charset=utf-8" || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: header %v", path, header)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	server, b := open(t, nil)
	client := login(t, server)
	_, body, _ := ask(t, client, "GET", server.URL+"/?source=bugs&state=dead&text=crash&since=2026-01-31T15:04:05Z", "")
	want := journal.Query{Source: "bugs", State: "dead", Text: "crash", Since: time.Date(2026, 1, 31, 15, 4, 5, 0, time.UTC), Most: 51}
	if diff := cmp.Diff(want, b.asked); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	for _, piece := range []string{"came 2 times", "r: dead", `action="/resume/t"`, "came without the secret", `<option selected>dead</option>`} {
		if !strings.Contains(body, piece) {
			t.Errorf("the list lacks %q", piece)
		}
	}
	_, body, _ = ask(t, client, "GET", server.URL+"/events/e1", "")
	for _, piece := range []string{`action="/redeliver/e1"`, `href="/deliveries/d1"`, "2026-03-01 12:00:00"} {
		if !strings.Contains(body, piece) {
			t.Errorf("the event's page lacks %q", piece)
		}
	}
	const warning = "may be carried out a second time"
	if strings.Contains(body, warning) {
		t.Error("the page of an event that failed warns of doing it twice")
	}
	b.state = work.Unknown
	if _, body, _ = ask(t, client, "GET", server.URL+"/events/e1", ""); !strings.Contains(body, warning) {
		t.Error("the page of an event with an unknown delivery does not warn of doing it twice")
	}
	for text, want := range map[string]string{"1": "1 delivery goes out again.", "0": "0 deliveries go out again.", "Call me": ""} {
		_, body, _ := ask(t, client, "GET", server.URL+"/?again="+url.QueryEscape(text), "")
		if _, got, _ := strings.Cut(body, `role="status">`); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("after redelivering %q the list does not say %q", text, want)
		}
	}
	if status, _, header := ask(t, client, "POST", server.URL+"/redeliver/e1", "event=e1", "Content-Type", form); status != http.StatusSeeOther || header.Get("Location") != "/events/e1" {
		t.Errorf("redeliver: %d to %q", status, header.Get("Location"))
	}
	if status, _, header := ask(t, client, "POST", server.URL+"/redeliver/d1", ""); status != http.StatusSeeOther || header.Get("Location") != "/deliveries/d1" {
		t.Errorf("redeliver a delivery: %d to %q", status, header.Get("Location"))
	}
	if status, _, _ := ask(t, client, "POST", server.URL+"/resume/t", ""); status != http.StatusSeeOther {
		t.Errorf("resume: %d", status)
	}
	if diff := cmp.Diff([]string{"redeliver e1", "redeliver d1", "resume t"}, b.done); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	for path, want := range map[string]int{"/events/none": 404, "/deliveries/none": 404, "/?most=x": 400, "/?since=yesterday": 400, "/redeliver?state=running": 400} {
		if status, _, _ := ask(t, client, "GET", server.URL+path, ""); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}

// What the command line asks through JSON is what the journal answers.
func TestRemoteIsTheJournal(t *testing.T) {
	t.Parallel()
	server, b := open(t, nil)
	remote := &journal.Remote{Client: browser(t), Base: server.URL, Token: secret.New("tok")}
	want := journal.Query{Source: "s", State: "dead", Text: "a&b", Since: time.Unix(1e9, 0).UTC(), Until: time.Unix(2e9, 0).UTC(), Before: "e9", Most: 7}
	events, err := remote.Events(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.asked); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]journal.Event{b.event()}, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	detail, err := remote.Event(t.Context(), "e1")
	if err != nil {
		t.Fatal(err)
	}
	local, err := b.Event(t.Context(), "e1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(local, detail); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if n, err := remote.Redeliver(t.Context(), "d/1"); n != 1 || err != nil {
		t.Errorf("Redeliver = %d, %v", n, err)
	}
	if n, err := remote.Resume(t.Context(), "t"); n != 2 || err != nil {
		t.Errorf("Resume = %d, %v", n, err)
	}
	if pauses, err := remote.Targets(t.Context()); len(pauses) != 1 || err != nil {
		t.Errorf("Targets = %v, %v", pauses, err)
	}
	if diff := cmp.Diff([]string{"redeliver d/1", "resume t"}, b.done); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	for name, call := range map[string]func() error{
		"it answered 404: event": func() error { _, err := remote.Event(t.Context(), "none"); return err },
		"it answered 409":        func() error { _, err := remote.Redeliver(t.Context(), "busy"); return err },
		"does not know the token": func() error {
			_, err := (&journal.Remote{Client: browser(t), Base: server.URL, Token: secret.New("no")}).Targets(t.Context())
			return err
		},
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want it to say %q", err, name)
		}
	}
}
