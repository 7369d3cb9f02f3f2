package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
)

// documented is the request of the service's documentation.
const documented = `{
	"deployment_state": "success", "project_id": "shop-1756145574", "organization_id": "org_sandbox",
	"commit_sha": "abc123def456", "environment_url": "https://your-app.example.com", "environment": "production"
}`

// call posts a body to a sandbox that follows a script.
func call(t *testing.T, script, key, body string) (int, string, []sandbox.Request) {
	t.Helper()
	parsed, err := sandbox.ParseScript([]byte(script))
	if err != nil {
		t.Fatal(err)
	}
	services := sandbox.New(parsed)
	server := httptest.NewServer(services)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+sandbox.Path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("X-API-KEY", key)
	}
	resp, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		return 0, "", services.Trigger.Requests()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.TrimSpace(string(text)), services.Trigger.Requests()
}

func TestDocumentedRequestGetsTheDocumentedAnswer(t *testing.T) {
	t.Parallel()
	status, body, received := call(t, "", "bugster_sandbox_key", documented)
	want := `{"status":"processed","message":"Custom integration event processed for org: org_sandbox, project: shop-1756145574"}`
	if status != http.StatusOK || body != want {
		t.Errorf("answer %d %s, want 200 %s", status, body, want)
	}
	if len(received) != 1 || !received[0].KeyAccepted || received[0].Header.Get("X-Api-Key") != "" {
		t.Errorf("recorded %+v, want one request without its key", received)
	}
}

func TestEveryRuleOfTheContractIsChecked(t *testing.T) {
	t.Parallel()
	change := func(old, now string) string { return strings.Replace(documented, old, now, 1) }
	tests := map[string]struct {
		key, body string
		status    int
		code      string
	}{
		"no key":               {"", documented, 401, ""},
		"another key":          {"other", documented, 401, ""},
		"no JSON":              {"bugster_sandbox_key", "x", 400, ""},
		"another organization": {"bugster_sandbox_key", change("org_sandbox", "org_x"), 403, ""},
		"another project":      {"bugster_sandbox_key", change("shop-1756145574", "x"), 400, "INVALID_PROJECT"},
		"commit and branch":    {"bugster_sandbox_key", change(`"commit_sha"`, `"branch": "main", "commit_sha"`), 400, ""},
		"neither":              {"bugster_sandbox_key", change(`"commit_sha": "abc123def456",`, ""), 400, ""},
		"no URL":               {"bugster_sandbox_key", change(`"environment_url": "https://your-app.example.com",`, ""), 400, ""},
		"another state":        {"bugster_sandbox_key", change(`"success"`, `"failure"`), 400, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body, _ := call(t, "", tt.key, tt.body)
			var got struct{ Status, Message, Code string }
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			if status != tt.status || got.Status != "error" || got.Message == "" || got.Code != tt.code {
				t.Errorf("answer %d %s, want %d, an error and the code %q", status, body, tt.status, tt.code)
			}
		})
	}
}

func TestMisbehaviourByScript(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script string
		status int
		body   string
	}{
		"status":           {"endpoint: [{status: 503}]", 503, `{"status":"error","message":"Service Unavailable"}`},
		"body":             {"endpoint: [{status: 200, body: '<html>'}]", 200, "<html>"},
		"redirect":         {"endpoint: [{redirect: 'https://other.example'}]", 307, ""},
		"delay, then well": {"endpoint: [{delay: 10ms}]", 200, `{"status":"processed","message":"Custom integration event processed for org: org_sandbox, project: shop-1756145574"}`},
		"size":             {"endpoint: [{body-size: 3, status: 400}]", 400, ""},
		"reset before":     {"endpoint: [{reset: before}]", 0, ""},
		"reset after":      {"endpoint: [{reset: after}]", 0, ""},
		"garbage":          {"endpoint: [{garbage: 'SSH-2.0'}]", 0, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body, received := call(t, tt.script, "bugster_sandbox_key", documented)
			if status != tt.status || body != tt.body {
				t.Errorf("answer %d %q, want %d %q", status, body, tt.status, tt.body)
			}
			if len(received) != 1 || received[0].Answered != tt.status {
				t.Errorf("recorded %+v, want one request answered with %d", received, tt.status)
			}
		})
	}
}

func TestScriptMistakesHaveAPlace(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"endpoint: [{stat: 1}]":      `unknown field "stat"`,
		"endpoint: [{reset: never}]": `endpoint[0]: reset is "never": want before or after`,
		"endpoint: {":                "read script",
	} {
		if _, err := sandbox.ParseScript([]byte(script)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseScript(%q) = %v, want %q in it", script, err, want)
		}
	}
}

func TestRequestsAreListed(t *testing.T) {
	t.Parallel()
	services := sandbox.New(sandbox.Script{})
	w := httptest.NewRecorder()
	services.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/requests", nil))
	if diff := cmp.Diff("[]\n", w.Body.String()); diff != "" {
		t.Errorf("GET /requests before any call (-want +got):\n%s", diff)
	}
}
