package bitrise_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
	played "github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/openapi"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// described is a client of the sandbox, whose every request and answer is held
// against the description in docs/openapi.
func described(t *testing.T, script played.Script, key string) (*bitrise.Client, *played.Fake, *openapi.Transport) {
	t.Helper()
	fake := played.New(script)
	server := httptest.NewServer(http.StripPrefix("/v0.1", fake))
	t.Cleanup(server.Close)
	check, err := openapi.Load(t.Context(), "../../docs/openapi/bitrise.yaml", server.URL+"/v0.1")
	if err != nil {
		t.Fatal(err)
	}
	check.Next, check.Report = server.Client().Transport, func(err error) { t.Error(err) }
	return &bitrise.Client{
		HTTP: &http.Client{Transport: check}, BaseURL: server.URL + "/v0.1", Token: secret.New(cmp.Or(key, played.DefaultToken)),
	}, fake, check
}

// receiver is down until it is up, and keeps what it then gets.
type receiver struct {
	up  bool
	got chan *http.Request
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !r.up {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	r.got <- req
}

// TestContract makes every call with every parameter, and gets every answer
// that is described but the errors: in an envelope and without.
func TestContract(t *testing.T) {
	t.Parallel()
	missing := map[string]int{}
	scripts := []played.Script{{Page: 2}, {Plain: true, CreatedIs200: true}}
	for _, script := range scripts {
		c, fake, check := described(t, script, "")
		everyCall(t, c, fake)
		for _, one := range check.Unseen() {
			missing[one]++
		}
	}
	delete(missing, "deleteWebhook 200") // the sandbox has nothing to say
	for one, times := range missing {
		if times == len(scripts) && !strings.HasSuffix(one, " default") {
			t.Errorf("%s was never seen", one)
		}
	}
}

func everyCall(t *testing.T, c *bitrise.Client, fake *played.Fake) {
	t.Helper()
	ctx, app := t.Context(), services.BitriseApp()
	r := &receiver{got: make(chan *http.Request, 1)}
	there := httptest.NewServer(r)
	t.Cleanup(there.Close)
	spec := bitrise.WebhookSpec{URL: there.URL + "/hooks/ci", Secret: secret.New("signs"), Headers: map[string]secret.String{"X-Key": secret.New("k")}}
	made, err := c.CreateWebhook(ctx, app, spec)
	if err != nil || made.URL != spec.URL || made.Headers["X-Key"].Reveal() != "k" || made.CreatedAt.IsZero() {
		t.Fatalf("CreateWebhook() = %+v, %v", made, err)
	}
	spec.Events = []string{"all"}
	if changed, err := c.UpdateWebhook(ctx, app, made.Slug, spec); err != nil || changed.Events[0] != "all" {
		t.Errorf("UpdateWebhook() = %+v, %v", changed, err)
	}
	for range 3 {
		if _, err := c.CreateWebhook(ctx, app, bitrise.WebhookSpec{URL: "https://other.example.com"}); err != nil {
			t.Error(err)
		}
	}
	if found, err := c.Webhooks(ctx, app); err != nil || len(found) != 4 {
		t.Errorf("Webhooks() = %d of them, %v", len(found), err)
	} else {
		for _, other := range found[1:] {
			if err := c.DeleteWebhook(ctx, app, other.Slug); err != nil {
				t.Error(err)
			}
		}
	}
	outage(t, c, fake, r, app, made.Slug)
}

// outage misses a delivery and asks for it again.
func outage(t *testing.T, c *bitrise.Client, fake *played.Fake, r *receiver, app, webhook string) {
	t.Helper()
	ctx := t.Context()
	const sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
	if err := fake.Send(ctx, app, "build/finished", services.Options{Commit: sha}); err == nil {
		t.Error("a delivery that was answered 503 came through")
	}
	missed, err := c.Deliveries(ctx, app, webhook, time.Time{})
	if err != nil || len(missed) != 1 || !missed[0].Failed() || !strings.Contains(missed[0].Headers.Reveal(), "Bitrise-Event-Type: build/finished") {
		t.Fatalf("Deliveries() = %+v, %v", missed, err)
	}
	one, err := c.Delivery(ctx, app, webhook, missed[0].Slug)
	if err != nil || one.Payload != missed[0].Payload {
		t.Errorf("Delivery() = %+v, %v", one, err)
	}
	r.up = true
	if err := c.Redeliver(ctx, app, webhook, one.Slug); err != nil {
		t.Fatal(err)
	}
	select {
	case req := <-r.got:
		if req.Header.Get("X-Key") != "k" || !strings.HasPrefix(req.Header.Get("Bitrise-Hook-Signature"), "sha256=") {
			t.Errorf("redelivered with %v", req.Header)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was redelivered")
	}
	build, err := c.Build(ctx, app, "d5f8b0b7")
	if err == nil {
		t.Errorf("Build() = %+v", build)
	}
	if found, err := c.App(ctx, app); err != nil || found.RepoOwner != "acme" {
		t.Errorf("App() = %+v, %v", found, err)
	}
	var slug string
	if _, after, ok := strings.Cut(one.Payload, `"build_slug":"`); ok {
		slug, _, _ = strings.Cut(after, `"`)
	}
	if build, err = c.Build(ctx, app, slug); err != nil || build.CommitHash != sha || build.Status != 1 {
		t.Errorf("Build() = %+v, %v", build, err)
	}
}

// Every call tells what the service says about an error.
func TestContractErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script played.Script
		key    string
		status int
		want   string
	}{
		"key":       {played.Script{}, "wrong", 401, "Unauthorized"},
		"not there": {played.Script{}, "", 404, "Not Found"},
		"busy":      {played.Script{Faults: []rest.Fault{{Times: -1, Status: 429, RetryAfter: "7"}}}, "", 429, "Too Many Requests (it asks to wait 7s)"},
		"old words": {played.Script{Faults: []rest.Fault{{Times: -1, Status: 422, Body: `{"error_msg": "no"}`}}}, "", 422, "no"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, check := described(t, tt.script, tt.key)
			for op, call := range calls(t.Context(), c) {
				err := call()
				var e *outbound.APIError
				if !errors.As(err, &e) || e.Op != op || e.Status != tt.status || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: %v, want %d %q", op, err, tt.status, tt.want)
				}
			}
			for _, one := range check.Unseen() {
				if strings.HasSuffix(one, " default") {
					t.Errorf("%s was never seen", one)
				}
			}
		})
	}
}

// calls are one of each, about things that there are not.
func calls(ctx context.Context, c *bitrise.Client) map[string]func() error {
	spec := bitrise.WebhookSpec{URL: "https://relay.example.com"}
	return map[string]func() error{
		"list webhooks":   func() error { _, err := c.Webhooks(ctx, "a"); return err },
		"create webhook":  func() error { _, err := c.CreateWebhook(ctx, "a", spec); return err },
		"update webhook":  func() error { _, err := c.UpdateWebhook(ctx, "a", "w", spec); return err },
		"delete webhook":  func() error { return c.DeleteWebhook(ctx, "a", "w") },
		"list deliveries": func() error { _, err := c.Deliveries(ctx, "a", "w", time.Time{}); return err },
		"get delivery":    func() error { _, err := c.Delivery(ctx, "a", "w", "d"); return err },
		"redeliver":       func() error { return c.Redeliver(ctx, "a", "w", "d") },
		"get build":       func() error { _, err := c.Build(ctx, "a", "b"); return err },
		"get app":         func() error { _, err := c.App(ctx, "a"); return err },
	}
}
