package currents_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/currents"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const key = "a key of ours"

// api answers requests, which are kept as "METHOD path?query body".
type api struct {
	answers map[string]string // by "METHOD path?query"
	status  int
	asked   []string
}

func (a *api) client(t *testing.T) *currents.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		call := r.Method + " " + r.URL.RequestURI()
		a.asked = append(a.asked, strings.TrimSpace(call+" "+string(body)))
		if r.Header.Get("Authorization") != "Bearer "+key {
			t.Errorf("Authorization is %q", r.Header.Get("Authorization"))
		}
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
		_, _ = io.WriteString(w, a.answers[call])
	}))
	t.Cleanup(server.Close)
	return &currents.Client{HTTP: server.Client(), BaseURL: server.URL + "/v1", Key: secret.New(key)}
}

func TestRun(t *testing.T) {
	t.Parallel()
	a := &api{answers: map[string]string{
		"GET /v1/runs/r1": `{"status": "OK", "data": {"runId": "r1", "completionState": "COMPLETE", "status": "PASSED",
			"groups": [{"groupId": "a", "tests": {"overall": 2, "passes": 2}}, {"groupId": "b", "tests": {"overall": 1, "passes": 1, "flaky": 1}}],
			"meta": {"commit": {"sha": "abc", "branch": "main"}}}}`,
		"GET /v1/runs/find?ciBuildId=b1&projectId=p1": `{"status": "OK", "data": {"runId": "r2"}}`,
	}}
	c := a.client(t)
	run, err := c.Run(t.Context(), "r1")
	if err != nil || run.ID != "r1" || run.Tests() != (currents.Tests{Overall: 3, Passes: 3, Flaky: 1}) || run.Meta.Commit.SHA != "abc" {
		t.Errorf("Run() = %+v, %v", run, err)
	}
	if run, err := c.FindRun(t.Context(), "p1", "b1"); err != nil || run.ID != "r2" {
		t.Errorf("FindRun() = %+v, %v", run, err)
	}
}

// Both families of words are read, and nothing but a whole success is one.
func TestRunState(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		completion, status string
		passes, failures   int
		want               currents.State
	}{
		{"complete", "passed", 3, 0, currents.Passed},
		{"COMPLETE", "PASSED", 3, 0, currents.Passed},
		{"complete", "passed", 3, 1, currents.Failed},
		{"complete", "passed", 0, 0, currents.Failed},
		{"complete", "failed", 3, 0, currents.Failed},
		{"complete", "", 3, 0, currents.Failed},
		{"incomplete", "running", 3, 0, currents.Running},
		{"IN_PROGRESS", "FAILING", 3, 1, currents.Running},
		{"cancelled", "passed", 3, 0, currents.Cancelled},
		{"CANCELED", "PASSED", 3, 0, currents.Cancelled},
		{"timedOut", "passed", 3, 0, currents.TimedOut},
		{"TIMEOUT", "PASSED", 3, 0, currents.TimedOut},
		{"", "passed", 3, 0, currents.Unknown},
		{"new", "passed", 3, 0, currents.Unknown},
	} {
		run := currents.Run{Completion: tt.completion, Status: tt.status, Groups: []currents.Group{{Tests: currents.Tests{Passes: tt.passes, Failures: tt.failures}}}}
		if got := run.State(); got != tt.want {
			t.Errorf("%+v: State() = %q, want %q", tt, got, tt.want)
		}
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	const id = "550e8400-e29b-41d4-a716-446655440000"
	const hook = `{"hookId": "` + id + `", "projectId": "p1", "url": "https://r.example.com", "headers": "{\"X-Key\": \"shared\"}", "hookEvents": ["RUN_FINISH"], "label": null}`
	a := &api{answers: map[string]string{
		"GET /v1/webhooks?projectId=p1":  `{"status": "OK", "data": [` + hook + `, {"hookId": "h2", "headers": null}]}`,
		"GET /v1/webhooks/" + id:         `{"status": "OK", "data": ` + hook + `}`,
		"POST /v1/webhooks?projectId=p1": `{"status": "OK", "data": ` + hook + `}`,
		"PUT /v1/webhooks/" + id:         `{"status": "OK", "data": ` + hook + `}`,
	}}
	c := a.client(t)
	found, err := c.Webhooks(t.Context(), "p1")
	if err != nil || len(found) != 2 || found[0].Headers["X-Key"].Reveal() != "shared" || found[1].Headers != nil {
		t.Fatalf("Webhooks() = %+v, %v", found, err)
	}
	if text := fmt.Sprintf("%+v", found); strings.Contains(text, "shared") {
		t.Errorf("the secret is printed: %s", text)
	}
	if one, err := c.Webhook(t.Context(), id); err != nil || one.URL != "https://r.example.com" {
		t.Errorf("Webhook() = %+v, %v", one, err)
	}
	spec := currents.WebhookSpec{URL: "https://r.example.com", Headers: currents.Headers{"X-Key": secret.New("shared")}}
	if _, err := c.CreateWebhook(t.Context(), "p1", spec); err != nil {
		t.Error(err)
	}
	if _, err := c.UpdateWebhook(t.Context(), id, currents.WebhookChange{URL: &spec.URL}); err != nil {
		t.Error(err)
	}
	if err := c.DeleteWebhook(t.Context(), id); err != nil {
		t.Error(err)
	}
	_, sent, _ := strings.Cut(a.asked[2], "{")
	var got map[string]any
	if err := json.Unmarshal([]byte("{"+sent), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"url": "https://r.example.com", "headers": `{"X-Key":"shared"}`,
		"hookEvents": []any{"RUN_START", "RUN_FINISH", "RUN_TIMEOUT", "RUN_CANCELED"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	spec.Headers["X-Long"] = secret.New(strings.Repeat("x", 5000))
	if _, err := c.CreateWebhook(t.Context(), "p1", spec); err == nil {
		t.Error("headers that are too long were sent")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	failed := &api{answers: map[string]string{"GET /v1/runs/r1": `{"status": "FAILED", "error": "not with ` + key + `"}`}}
	if _, err := failed.client(t).Run(t.Context(), "r1"); err == nil || err.Error() != "get run: Currents answered: not with ***" {
		t.Errorf("200 and FAILED: %v", err)
	}
	for status, temporary := range map[int]bool{403: false, 404: false, 429: true, 500: true} {
		a := &api{status: status, answers: map[string]string{"GET /v1/runs/r1": `{"status": "FAILED", "error": "not with ` + key + `"}`}}
		_, err := a.client(t).Run(t.Context(), "r1")
		var e *outbound.APIError
		if !errors.As(err, &e) || e.Status != status || e.Temporary() != temporary {
			t.Errorf("%d: %#v", status, err)
			continue
		}
		if strings.Contains(e.Error(), key) || !strings.Contains(e.Error(), "not with ***") {
			t.Errorf("%d: %v", status, e)
		}
	}
}
