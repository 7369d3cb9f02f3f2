package bitrise_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const token = "a token of ours"

// api answers requests, which are kept as "METHOD path?query body".
type api struct {
	answers map[string]string // by "METHOD path?query"
	status  int
	asked   []string
}

func (a *api) client(t *testing.T) *bitrise.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		call := r.Method + " " + r.URL.RequestURI()
		a.asked = append(a.asked, strings.TrimSpace(call+" "+string(body)))
		if r.Header.Get("Authorization") != token {
			t.Errorf("Authorization is %q", r.Header.Get("Authorization"))
		}
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Location", "https://elsewhere.example.com/")
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
		_, _ = io.WriteString(w, a.answers[call])
	}))
	t.Cleanup(server.Close)
	return &bitrise.Client{HTTP: server.Client(), BaseURL: server.URL + "/v0.1", Token: secret.New(token)}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	a := &api{answers: map[string]string{
		"GET /v0.1/apps/app/builds/b%2F1": `{"data": {"slug": "b/1", "build_number": 3, "status": 1, "branch": "main", "tag": null,
			"commit_hash": "6dcb09b5b57875f334f61aebed695e2e4193db5e", "triggered_workflow": "deploy", "pull_request_id": 0}}`,
		"GET /v0.1/apps/app": `{"data": {"slug": "app", "repo_owner": "acme", "repo_slug": "ios", "provider": "github"}}`,
	}}
	c := a.client(t)
	build, err := c.Build(t.Context(), "app", "b/1")
	want := bitrise.Build{Slug: "b/1", Number: 3, Status: 1, Branch: "main", CommitHash: "6dcb09b5b57875f334f61aebed695e2e4193db5e", Workflow: "deploy"}
	if diff := cmp.Diff(want, build); err != nil || diff != "" {
		t.Errorf("Build() = %v (-want +got):\n%s", err, diff)
	}
	app, err := c.App(t.Context(), "app")
	if err != nil || app.RepoOwner != "acme" || app.RepoName != "ios" {
		t.Errorf("App() = %+v, %v", app, err)
	}
}

func TestWebhooksAllPages(t *testing.T) {
	t.Parallel()
	a := &api{answers: map[string]string{
		"GET /v0.1/apps/app/outgoing-webhooks?limit=50":         `{"data": [{"slug": "1", "url": "https://a.example.com"}], "paging": {"next": "n2"}}`,
		"GET /v0.1/apps/app/outgoing-webhooks?limit=50&next=n2": `{"data": [{"slug": "2"}], "paging": {}}`,
	}}
	found, err := a.client(t).Webhooks(t.Context(), "app")
	if err != nil || len(found) != 2 || found[1].Slug != "2" {
		t.Errorf("Webhooks() = %+v, %v", found, err)
	}
}

// The API's two descriptions differ in whether an answer is inside data.
func TestCreateWebhook(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`{"data": {"slug": "1"}}`, `{"slug": "1"}`} {
		a := &api{status: http.StatusCreated, answers: map[string]string{"POST /v0.1/apps/app/outgoing-webhooks": answer}}
		made, err := a.client(t).CreateWebhook(t.Context(), "app", bitrise.WebhookSpec{
			URL: "https://relay.example.com/hooks/ci", Secret: secret.New("s"), Headers: map[string]secret.String{"X-Key": secret.New("k")},
		})
		if err != nil || made.Slug != "1" {
			t.Errorf("CreateWebhook() = %+v, %v", made, err)
		}
		_, sent, _ := strings.Cut(a.asked[0], "{")
		var got map[string]any
		if err := json.Unmarshal([]byte("{"+sent), &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"url": "https://relay.example.com/hooks/ci", "events": []any{"build"}, "secret": "s", "headers": map[string]any{"X-Key": "k"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	a := &api{status: http.StatusOK, answers: map[string]string{
		"PUT /v0.1/apps/app/outgoing-webhooks/w": `{"data": {"slug": "w"}}`,
		"GET /v0.1/apps/app/outgoing-webhooks/w/delivery-items?limit=50": `{"data": [
			{"slug": "ok", "response_http_status": 200}, {"slug": "down", "response_http_status": null}, {"slug": "no", "response_http_status": 503}]}`,
	}}
	c := a.client(t)
	if _, err := c.UpdateWebhook(t.Context(), "app", "w", bitrise.WebhookSpec{URL: "https://r.example.com"}); err != nil {
		t.Error(err)
	}
	deliveries, err := c.Deliveries(t.Context(), "app", "w", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range deliveries {
		if d.Failed() {
			if err := c.Redeliver(t.Context(), "app", "w", d.Slug); err != nil {
				t.Error(err)
			}
		}
	}
	if err := c.DeleteWebhook(t.Context(), "app", "w"); err != nil {
		t.Error(err)
	}
	want := []string{
		"POST /v0.1/apps/app/outgoing-webhooks/w/delivery-items/down/redeliver",
		"POST /v0.1/apps/app/outgoing-webhooks/w/delivery-items/no/redeliver",
		"DELETE /v0.1/apps/app/outgoing-webhooks/w",
	}
	if diff := cmp.Diff(want, a.asked[2:]); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for status, temporary := range map[int]bool{302: false, 401: false, 404: false, 429: true, 503: true} {
		a := &api{status: status, answers: map[string]string{"GET /v0.1/apps/app": `{"error_msg": "not with ` + token + `"}`}}
		_, err := a.client(t).App(t.Context(), "app")
		var e *outbound.APIError
		if !errors.As(err, &e) || e.Status != status || e.Temporary() != temporary || e.After != 7*time.Second {
			t.Errorf("%d: %#v", status, err)
			continue
		}
		if strings.Contains(e.Error(), token) || !strings.Contains(e.Error(), "not with ***") {
			t.Errorf("%d: %v", status, e)
		}
	}
	a := &api{answers: map[string]string{"GET /v0.1/apps/app": "<html>"}}
	if _, err := a.client(t).App(t.Context(), "app"); err == nil {
		t.Error("an answer that is no JSON was read")
	}
}
