package target_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// far answers every request in one way and remembers what it was asked.
type far struct {
	mu     sync.Mutex
	asked  []string
	answer func(w http.ResponseWriter, r *http.Request)
}

// ServeHTTP implements [http.Handler].
func (f *far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.asked = append(f.asked, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
	f.mu.Unlock()
	f.answer(w, r)
}

// heard returns what was asked so far. A handler may still run when its caller
// has given up.
func (f *far) heard() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

func says(status int, body string, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func hangsUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func open(t *testing.T, service string, answer func(http.ResponseWriter, *http.Request)) (target.Target, *far) {
	t.Helper()
	f := &far{answer: answer}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	client, err := outbound.NewClient(outbound.Options{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := target.New(client, rule.TargetConfig{
		Name: "there", Service: service, APIURL: server.URL, Repositories: []string{"acme/web", "acme/app-*"},
		Token: secret.New("t"), APIKey: secret.New("k"), OrganizationID: "org_1", ProjectID: "p-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return made, f
}

const sha = "0123456789abcdef0123456789abcdef01234567"

func dispatch() rule.Action {
	return rule.Action{ID: "d1", Target: "there", Do: rule.Dispatch, Repository: "acme/web",
		Dispatch: &rule.DispatchSpec{EventType: "live", ClientPayload: map[string]any{"n": 1}}}
}

func status() rule.Action {
	return rule.Action{ID: "d1", Target: "there", Do: rule.Status, Repository: "acme/web",
		Commit: &rule.StatusSpec{Commit: sha, Context: "ci", State: "success", Description: "good"}}
}

func issue(update bool) rule.Action {
	return rule.Action{ID: "d1", Target: "there", Do: rule.Issue, Repository: "acme/web",
		Issue: &rule.IssueSpec{Marker: "<!-- m -->", Title: "it broke", Body: "so <!-- m -->", Labels: []string{"bug"}, Update: update}}
}

func trigger() rule.Action {
	return rule.Action{ID: "d1", Target: "there", Do: rule.Trigger, Repository: "acme/web",
		Trigger: &rule.TriggerSpec{State: "success", Commit: sha, EnvironmentURL: "https://x.example.com", ProjectID: "p-2"}}
}

func TestDelivers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		service string
		action  rule.Action
		answer  func(http.ResponseWriter, *http.Request)
		asked   []string
		want    target.Result
	}{
		"dispatch": {
			rule.TargetGitHub, dispatch(), says(204, ""),
			[]string{`POST /repos/acme/web/dispatches {"event_type":"live","client_payload":{"n":1}}`},
			target.Result{Status: 204, Note: "dispatched live"},
		},
		"status": {
			rule.TargetGitHub, status(), says(201, "{}"),
			[]string{`POST /repos/acme/web/statuses/` + sha + ` {"state":"success","description":"good","context":"ci"}`},
			target.Result{Status: 201, Note: "ci is success"},
		},
		"trigger": {
			rule.TargetBugster, trigger(), says(200, `{"status":"processed"}`),
			[]string{`POST /webhooks/integrations/custom {"deployment_state":"success","project_id":"p-2","organization_id":"org_1","commit_sha":"` + sha + `","environment_url":"https://x.example.com"}`},
			target.Result{Status: 200, Note: "The service processed the event; tests were started."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made, f := open(t, tt.service, tt.answer)
			got, err := made.Deliver(t.Context(), tt.action)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Deliver (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.asked, f.heard()); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

// The table of design.md: what may be sent again, and what must not.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		service string
		action  rule.Action
		answer  func(http.ResponseWriter, *http.Request)
		want    target.Verdict
		after   time.Duration
	}{
		"dispatch 401":                    {rule.TargetGitHub, dispatch(), says(401, "{}"), target.Pause, 0},
		"dispatch 403":                    {rule.TargetGitHub, dispatch(), says(403, "{}"), target.Pause, 0},
		"dispatch 403 for the rate limit": {rule.TargetGitHub, dispatch(), says(403, `{"message":"You have exceeded a secondary rate limit"}`, "Retry-After", "60"), target.Retry, time.Minute},
		"dispatch 429":                    {rule.TargetGitHub, dispatch(), says(429, "{}", "Retry-After", "60"), target.Retry, time.Minute},
		"dispatch 408":                    {rule.TargetGitHub, dispatch(), says(408, "{}"), target.Retry, 0},
		"dispatch 404":                    {rule.TargetGitHub, dispatch(), says(404, "{}"), target.Dead, 0},
		"dispatch 410":                    {rule.TargetGitHub, dispatch(), says(410, "{}"), target.Dead, 0},
		"dispatch 422":                    {rule.TargetGitHub, dispatch(), says(422, "{}"), target.Dead, 0},
		"dispatch 400":                    {rule.TargetGitHub, dispatch(), says(400, "{}"), target.Dead, 0},
		"dispatch redirected":             {rule.TargetGitHub, dispatch(), says(307, "", "Location", "/elsewhere"), target.Dead, 0},
		"dispatch 502":                    {rule.TargetGitHub, dispatch(), says(502, ""), target.Unknown, 0},
		"dispatch 503 with a time":        {rule.TargetGitHub, dispatch(), says(503, "", "Retry-After", "60"), target.Retry, time.Minute},
		"dispatch lost":                   {rule.TargetGitHub, dispatch(), hangsUp, target.Unknown, 0},
		"status 502":                      {rule.TargetGitHub, status(), says(502, ""), target.Retry, 0},
		"status lost":                     {rule.TargetGitHub, status(), hangsUp, target.Retry, 0},
		"issue lost":                      {rule.TargetGitHub, issue(true), hangsUp, target.Retry, 0},
		"trigger 401":                     {rule.TargetBugster, trigger(), says(401, "{}"), target.Pause, 0},
		"trigger 403":                     {rule.TargetBugster, trigger(), says(403, "{}"), target.Pause, 0},
		"trigger refused":                 {rule.TargetBugster, trigger(), says(200, `{"status":"error","code":"INVALID_PROJECT"}`), target.Dead, 0},
		"trigger 400":                     {rule.TargetBugster, trigger(), says(400, "{}"), target.Dead, 0},
		"trigger 408":                     {rule.TargetBugster, trigger(), says(408, "{}"), target.Retry, 0},
		"trigger 429":                     {rule.TargetBugster, trigger(), says(429, "{}", "Retry-After", "60"), target.Retry, time.Minute},
		"trigger 503 with a time":         {rule.TargetBugster, trigger(), says(503, "", "Retry-After", "60"), target.Retry, time.Minute},
		"trigger 503":                     {rule.TargetBugster, trigger(), says(503, ""), target.Unknown, 0},
		"trigger 500":                     {rule.TargetBugster, trigger(), says(500, ""), target.Unknown, 0},
		"trigger lost":                    {rule.TargetBugster, trigger(), hangsUp, target.Unknown, 0},
		"trigger not understood":          {rule.TargetBugster, trigger(), says(200, "<html>"), target.Unknown, 0},
		"trigger redirected":              {rule.TargetBugster, trigger(), says(307, "", "Location", "/elsewhere"), target.Dead, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made, f := open(t, tt.service, tt.answer)
			_, err := made.Deliver(t.Context(), tt.action)
			if err == nil {
				t.Fatal("Deliver succeeded")
			}
			got := target.Judge(tt.action.Do, err)
			if got.Verdict != tt.want || got.After.Round(time.Second) != tt.after {
				t.Errorf("verdict %s after %v (%v), want %s after %v", got.Verdict, got.After, err, tt.want, tt.after)
			}
			if len(f.heard()) != 1 {
				t.Errorf("asked %d times, want once: %q", len(f.heard()), f.heard())
			}
		})
	}
}

func TestNothingListeningIsRetried(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close() // its port refuses from now on
	for _, c := range []rule.TargetConfig{
		{Service: rule.TargetGitHub, APIURL: server.URL, Repositories: []string{"acme/web"}, Token: secret.New("t")},
		{Service: rule.TargetBugster, APIURL: server.URL, Repositories: []string{"acme/web"}, APIKey: secret.New("k")},
	} {
		made, err := target.New(&http.Client{}, c)
		if err != nil {
			t.Fatal(err)
		}
		a := dispatch()
		if c.Service == rule.TargetBugster {
			a = trigger()
		}
		_, err = made.Deliver(t.Context(), a)
		if got := target.Judge(a.Do, err); got.Verdict != target.Retry {
			t.Errorf("%s: verdict %s (%v), want retry", c.Service, got.Verdict, err)
		}
	}
}

// hub is the issues of one repository.
type hub struct {
	mu     sync.Mutex
	bodies []string
	lose   bool // make the next issue and lose the answer
}

func (h *hub) answer(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch r.Method {
	case http.MethodGet:
		var list []string
		for i, body := range h.bodies {
			list = append(list, fmt.Sprintf(`{"number":%d,"body":%q,"html_url":"https://github.test/%d"}`, i+1, body, i+1))
		}
		says(200, "["+strings.Join(list, ",")+"]")(w, r)
	case http.MethodPost:
		h.bodies = append(h.bodies, "so <!-- m -->")
		if h.lose {
			h.lose = false
			hangsUp(w, r)
			return
		}
		says(201, fmt.Sprintf(`{"number":%d,"html_url":"https://github.test/%d"}`, len(h.bodies), len(h.bodies)))(w, r)
	case http.MethodPatch:
		says(200, `{"number":1}`)(w, r)
	}
}

// An issue is made once, also after an attempt whose answer was lost.
func TestIssueIsMadeOnce(t *testing.T) {
	t.Parallel()
	h := &hub{lose: true}
	made, f := open(t, rule.TargetGitHub, h.answer)
	if _, err := made.Deliver(t.Context(), issue(true)); target.Judge(rule.Issue, err).Verdict != target.Retry {
		t.Fatalf("a lost answer: %v, want another attempt", err)
	}
	got, err := made.Deliver(t.Context(), issue(true))
	if want := (target.Result{Status: 200, URL: "https://github.test/1", Note: "updated #1"}); err != nil || got != want {
		t.Errorf("the second attempt = %+v, %v; want %+v", got, err, want)
	}
	got, err = made.Deliver(t.Context(), issue(false))
	if want := (target.Result{Status: 200, URL: "https://github.test/1", Note: "#1 is there"}); err != nil || got != want {
		t.Errorf("without update = %+v, %v; want %+v", got, err, want)
	}
	writes := 0
	for _, line := range f.heard() {
		if strings.HasPrefix(line, "POST") {
			writes++
		}
	}
	if writes != 1 || len(h.bodies) != 1 {
		t.Errorf("%d issues made by %d requests, want one by one", len(h.bodies), writes)
	}
}

// A payload never chooses where our token writes.
func TestUnlistedRepositoryIsRefused(t *testing.T) {
	t.Parallel()
	for repository, listed := range map[string]bool{
		"acme/web": true, "ACME/Web": true, "acme/app-ios": true,
		"acme/webs": false, "evil/web": false, "acme/app": false, "acme/web/../../evil/x": false,
	} {
		made, f := open(t, rule.TargetGitHub, says(204, ""))
		a := dispatch()
		a.Repository = repository
		_, err := made.Deliver(t.Context(), a)
		if listed != (err == nil) || listed != (len(f.heard()) == 1) {
			t.Errorf("%q: %v, asked %q; want it to be listed: %v", repository, err, f.heard(), listed)
		}
	}
}

func TestMisfitsAreDead(t *testing.T) {
	t.Parallel()
	for service, actions := range map[string][]rule.Action{
		rule.TargetGitHub:  {trigger(), {Do: rule.Dispatch}, {}},
		rule.TargetBugster: {dispatch(), {Do: rule.Trigger}, {Do: rule.Trigger, Trigger: &rule.TriggerSpec{State: "success", Commit: "no"}}},
	} {
		made, f := open(t, service, says(204, ""))
		for _, a := range actions {
			_, err := made.Deliver(t.Context(), a)
			if got := target.Judge(a.Do, err); got.Verdict != target.Dead || len(f.heard()) > 0 {
				t.Errorf("%s at %s: %v, asked %q; want it dead", a.Do, service, err, f.heard())
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]rule.TargetConfig{
		"another service": {Service: "gitlab"},
		"a key in clear":  {Service: rule.TargetBugster, APIKey: secret.New("k"), APIURL: "http://example.com"},
		"half a key":      {Service: rule.TargetBugster, APIKey: secret.New("k k")},
		"no API":          {Service: rule.TargetGitHub, APIURL: "github.com"},
		"no private key":  {Service: rule.TargetGitHub, App: rule.App{ID: 1, PrivateKey: secret.New("x")}},
	} {
		if _, err := target.New(http.DefaultClient, c); err == nil {
			t.Errorf("%s: New made a target", name)
		}
	}
}

func TestJudgeTakesTheUnsortedForTheWorst(t *testing.T) {
	t.Parallel()
	for do, want := range map[rule.Do]target.Verdict{
		rule.Trigger: target.Unknown, rule.Dispatch: target.Unknown, rule.Status: target.Retry, rule.Issue: target.Retry,
	} {
		if got := target.Judge(do, errors.Join(context.Canceled)).Verdict; got != want {
			t.Errorf("Judge(%s) = %s, want %s", do, got, want)
		}
	}
}
