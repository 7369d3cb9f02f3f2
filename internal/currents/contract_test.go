package currents_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/currents"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
	played "github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/openapi"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// described is a client of the sandbox, whose every request and answer is held
// against the description in docs/openapi.
func described(t *testing.T, script played.Script, key string) (*currents.Client, *openapi.Transport) {
	t.Helper()
	server := httptest.NewServer(http.StripPrefix("/v1", played.New(script)))
	t.Cleanup(server.Close)
	check, err := openapi.Load(t.Context(), "../../docs/openapi/currents.yaml", server.URL+"/v1")
	if err != nil {
		t.Fatal(err)
	}
	check.Next, check.Report = server.Client().Transport, func(err error) { t.Error(err) }
	return &currents.Client{
		HTTP: &http.Client{Transport: check}, BaseURL: server.URL + "/v1", Key: secret.New(cmp.Or(key, played.DefaultKey)),
	}, check
}

// TestContract makes every call with every parameter, and gets every answer
// that is described but the errors.
func TestContract(t *testing.T) {
	t.Parallel()
	missing := map[string]int{}
	scripts := []played.Script{{}, {CreatedIs200: true, EmptyDelete: true}}
	for _, script := range scripts {
		for i := range 60 {
			script.Runs = append(script.Runs, played.Run{
				ID: fmt.Sprint("run", i), Ago: time.Duration(i) * time.Minute, Completion: "complete", Status: "passed", Build: fmt.Sprint("b", i%50),
				Groups: []played.Group{{ID: "a", Passes: 1}},
			})
		}
		script.Runs = append(script.Runs, played.Run{ID: "old", Ago: 48 * time.Hour, Completion: "TIMEOUT", Status: "FAILED"})
		c, check := described(t, script, "")
		everyCall(t, c)
		for _, one := range check.Unseen() {
			missing[one]++
		}
	}
	for one, times := range missing {
		if times == len(scripts) && !strings.HasSuffix(one, " default") {
			t.Errorf("%s was never seen", one)
		}
	}
}

func everyCall(t *testing.T, c *currents.Client) {
	t.Helper()
	ctx := t.Context()
	long := strings.Repeat("ü", 255)
	spec := currents.WebhookSpec{
		URL: "https://relay.example.com/hooks/e2e?rev=1", Label: long, Events: currents.Events()[:1],
		Headers: currents.Headers{"X-Secret": secret.New(`s "<&> ` + strings.Repeat("x", 4000))},
	}
	made, err := c.CreateWebhook(ctx, played.DefaultProject, spec)
	if err != nil || made.Label != long || made.Headers["X-Secret"].Reveal() != spec.Headers["X-Secret"].Reveal() || made.CreatedAt.IsZero() {
		t.Fatalf("CreateWebhook() = %+v, %v", made, err)
	}
	if bare, err := c.CreateWebhook(ctx, played.DefaultProject, currents.WebhookSpec{URL: spec.URL}); err != nil || len(bare.Events) != 4 || bare.Headers != nil {
		t.Errorf("CreateWebhook() = %+v, %v", bare, err)
	}
	if found, err := c.Webhooks(ctx, played.DefaultProject); err != nil || len(found) != 2 {
		t.Errorf("Webhooks() = %+v, %v", found, err)
	}
	address, label, none, other := "https://other.example.com", "other", "", currents.Headers{"X-B": secret.New("b")}
	for _, change := range []currents.WebhookChange{
		{URL: &address}, {Label: &label}, {Label: &none}, {Events: currents.Events()[1:]}, {Headers: &other}, {Headers: &currents.Headers{}},
	} {
		if _, err := c.UpdateWebhook(ctx, made.ID, change); err != nil {
			t.Errorf("UpdateWebhook(%+v): %v", change, err)
		}
	}
	got, err := c.Webhook(ctx, made.ID)
	if err != nil || got.URL != address || got.Label != "" || len(got.Events) != 3 || got.Headers != nil || got.UpdatedAt.IsZero() {
		t.Errorf("Webhook() = %+v, %v", got, err)
	}
	if err := c.DeleteWebhook(ctx, made.ID); err != nil {
		t.Error(err)
	}
	runs, err := c.Runs(ctx, played.DefaultProject, time.Now().Add(-24*time.Hour))
	if err != nil || len(runs) != 60 || !slices.IsSortedFunc(runs, func(a, b currents.Run) int { return b.CreatedAt.Compare(a.CreatedAt) }) {
		t.Errorf("Runs() = %d runs, %v", len(runs), err)
	}
	if run, err := c.Run(ctx, "old"); err != nil || run.State() != currents.TimedOut {
		t.Errorf("Run() = %+v, %v", run, err)
	}
	if run, err := c.FindRun(ctx, played.DefaultProject, "b3"); err != nil || run.ID != "run3" {
		t.Errorf("FindRun() = %+v, %v", run, err)
	}
}

// Every call tells what the service says about an error, as far as a client
// that checks its requests can get one.
func TestContractErrors(t *testing.T) {
	t.Parallel()
	const id = "550e8400-e29b-41d4-a716-446655440000"
	tests := map[string]struct {
		script played.Script
		key    string
		status int
		want   string
	}{
		"key":       {played.Script{}, "wrong", 401, "Unauthorized"},
		"not there": {played.Script{Projects: []string{"else"}}, "", 404, "not found"},
		"busy":      {played.Script{Faults: []rest.Fault{{Times: -1, Status: 429, RetryAfter: "7", Message: "Too many"}}}, "", 429, "Too many (it asks to wait 7s)"},
		"broken":    {played.Script{Faults: []rest.Fault{{Times: -1, Status: 500}}}, "", 500, "Internal Server Error"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, check := described(t, tt.script, tt.key)
			ctx, address := t.Context(), "https://relay.example.com"
			for op, call := range map[string]func() error{
				"list webhooks": func() error { _, err := c.Webhooks(ctx, "p"); return err },
				"get webhook":   func() error { _, err := c.Webhook(ctx, id); return err },
				"create webhook": func() error {
					_, err := c.CreateWebhook(ctx, "p", currents.WebhookSpec{URL: address})
					return err
				},
				"update webhook": func() error { _, err := c.UpdateWebhook(ctx, id, currents.WebhookChange{URL: &address}); return err },
				"delete webhook": func() error { return c.DeleteWebhook(ctx, id) },
				"list runs":      func() error { _, err := c.Runs(ctx, "p", time.Now()); return err },
				"get run":        func() error { _, err := c.Run(ctx, "r"); return err },
				"find run":       func() error { _, err := c.FindRun(ctx, "p", "b"); return err },
			} {
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

// A key that may only read may read.
func TestReadOnlyKey(t *testing.T) {
	t.Parallel()
	c, _ := described(t, played.Script{ReadOnlyKey: "reader"}, "reader")
	if _, err := c.Webhooks(t.Context(), played.DefaultProject); err != nil {
		t.Error(err)
	}
	_, err := c.CreateWebhook(t.Context(), played.DefaultProject, currents.WebhookSpec{URL: "https://relay.example.com"})
	var e *outbound.APIError
	if !errors.As(err, &e) || e.Status != http.StatusForbidden {
		t.Errorf("CreateWebhook() = %v, want 403", err)
	}
}
