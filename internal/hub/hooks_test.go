package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const hooked = "https://relay.example.com/hooks/web"

func TestHooks(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{Page: 1, Hooks: []github.Hook{
		{Of: repo, ID: 1, URL: hooked},
		{Of: repo, ID: 2, URL: "https://elsewhere.example.com/"},
		{Of: repo, ID: 3, URL: hooked, Inactive: true},
		{Of: "octo", ID: 4, URL: hooked},
	}})
	for owner, want := range map[string][]hub.Hook{
		repo:   {{Owner: repo, ID: 1, URL: hooked}, {Owner: repo, ID: 2, URL: "https://elsewhere.example.com/"}},
		"octo": {{Owner: "octo", ID: 4, URL: hooked}},
	} {
		got, err := c.Hooks(t.Context(), owner)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Hooks(%q) = %v (-want +got):\n%s", owner, err, diff)
		}
	}
	for _, owner := range []string{"", "a/b/c", "../x", "octo?x", "octo/shop/../.."} {
		if _, err := c.Hooks(t.Context(), owner); hub.KindOf(err) != hub.KindValidation {
			t.Errorf("Hooks(%q) = %v, want it refused", owner, err)
		}
	}
}

// Pages follow a cursor, and end where the time asked for ends.
func TestHookDeliveries(t *testing.T) {
	t.Parallel()
	for _, owner := range []string{repo, "octo", ""} {
		t.Run("of "+owner, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := github.Hook{Of: owner, ID: 7, URL: hooked}
				for n := range 250 {
					h.Deliveries = append(h.Deliveries, github.Delivery{
						GUID: fmt.Sprint(n), Event: "push", Status: 200 + n%2*302, Ago: time.Duration(250-n) * time.Minute, Payload: `{"n": 1e2}`,
					})
				}
				pkcs1, _, public := keys(t)
				fake := github.New(github.Script{Hooks: []github.Hook{h}, App: github.App{ID: "123", PublicKey: public}})
				c := client(t, fake, hub.Token(secret.New("t0ken")))
				hook := hub.Hook{Owner: owner, ID: 7, URL: hooked}
				if owner == "" {
					app, err := hub.NewApp(options(t, fake), "123", pkcs1)
					if err != nil {
						t.Fatal(err)
					}
					c = app.Client()
					if hook, err = c.AppHook(t.Context()); err != nil || hook.URL != hooked {
						t.Fatalf("AppHook() = %+v, %v", hook, err)
					}
				}
				got, err := c.HookDeliveries(t.Context(), hook, time.Now().Add(-220*time.Minute))
				if err != nil || len(got) != 220 {
					t.Fatalf("HookDeliveries() = %d, %v; want 220", len(got), err)
				}
				want := hub.HookDelivery{GUID: "249", Event: "push", At: time.Now().Add(-time.Minute).UTC(), Status: 502}
				if diff := cmp.Diff(want, got[0], cmpopts.IgnoreFields(hub.HookDelivery{}, "ID")); diff != "" {
					t.Errorf("the newest (-want +got):\n%s", diff)
				}
				if !got[0].Failed() || got[1].Failed() {
					t.Errorf("failed: %t, %t; want the newest alone", got[0].Failed(), got[1].Failed())
				}
				asked, err := c.HookRequest(t.Context(), hook, got[0].ID)
				if err != nil || string(asked.Payload) != `{"n":1e2}` || asked.Header.Get("X-GitHub-Delivery") != "249" || asked.Header.Get("X-GitHub-Event") != "push" {
					t.Errorf("HookRequest() = %+v, %v", asked, err)
				}
			})
		})
	}
}

func TestHookRequestWithoutPayload(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{Hooks: []github.Hook{{Of: repo, ID: 7, URL: hooked, Deliveries: []github.Delivery{{GUID: "g", Event: "push"}}}}})
	hook := hub.Hook{Owner: repo, ID: 7}
	list, err := c.HookDeliveries(t.Context(), hook, time.Time{})
	if err != nil || len(list) != 1 {
		t.Fatalf("HookDeliveries() = %v, %v", list, err)
	}
	if got, err := c.HookRequest(t.Context(), hook, list[0].ID); err != nil || got.Payload != nil {
		t.Errorf("HookRequest() = %s, %v; want no payload", got.Payload, err)
	}
}

func TestHooksSayWhatTheTokenNeeds(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{Permissions: map[string]string{"issues": "write"}})
	for owner, want := range map[string]string{repo: "the token needs webhooks: read", "octo": "the token needs organization webhooks: read"} {
		if _, err := c.Hooks(t.Context(), owner); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Hooks(%q) = %v, want %q", owner, err, want)
		}
	}
}
