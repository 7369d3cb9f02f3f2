package hooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/hooks"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const public = "https://relay.example.com/at"

// shelf is a place in memory.
type shelf struct {
	service string
	made    int
	hooks   []hooks.Webhook
	refuse  map[string]error // by the beginning of a URL or ID
}

func (s *shelf) no(what string) error {
	for beginning, err := range s.refuse {
		if strings.HasPrefix(what, beginning) {
			return err
		}
	}
	return nil
}

func (s *shelf) Check(hooks.Webhook) error { return nil }

func (s *shelf) CheckChange(string, hooks.Change) error { return nil }

// List tells no secret, and with Bitrise no value of a header.
func (s *shelf) List(context.Context) ([]hooks.Webhook, error) {
	list := slices.Clone(s.hooks)
	for i := range list {
		list[i].Secret = secret.String{}
		if s.service == source.Bitrise && list[i].Headers != nil {
			hidden := map[string]secret.String{}
			for name := range list[i].Headers {
				hidden[name] = secret.New("•••")
			}
			list[i].Headers = hidden
		}
	}
	return list, s.no("list")
}

func (s *shelf) Get(context.Context, string) (hooks.Webhook, error) {
	return hooks.Webhook{}, errors.New("nobody asks for one")
}

func (s *shelf) Create(_ context.Context, w hooks.Webhook) (hooks.Webhook, error) {
	if err := s.no(w.URL); err != nil {
		return hooks.Webhook{}, err
	}
	s.made++
	w.ID = fmt.Sprint("made", s.made)
	s.hooks = append(s.hooks, w)
	return w, nil
}

func (s *shelf) Update(_ context.Context, id string, c hooks.Change) (hooks.Webhook, error) {
	for i := range s.hooks {
		if s.hooks[i].ID == id {
			s.hooks[i] = hooks.Webhook{ID: id, URL: *c.URL, Events: c.Events, Label: *c.Label, Headers: c.Headers, Secret: *c.Secret}
			return s.hooks[i], s.no(id)
		}
	}
	return hooks.Webhook{}, fmt.Errorf("no webhook %s", id)
}

func (s *shelf) Delete(_ context.Context, id string) error {
	before := len(s.hooks)
	s.hooks = slices.DeleteFunc(s.hooks, func(w hooks.Webhook) bool { return w.ID == id })
	if len(s.hooks) == before {
		return fmt.Errorf("no webhook %s", id)
	}
	return s.no(id)
}

// file wants a webhook at each service, and one more at Bitrise.
func file(key string) *rule.File {
	signed := source.Verification{Secrets: []secret.String{secret.New(key), secret.New("older")}}
	header := source.Verification{Header: "X-Key", Secrets: signed.Secrets}
	token := secret.New("token")
	return &rule.File{PublicURL: public, Sources: []source.Config{
		{Name: "ci", Service: source.Bitrise, Verify: signed, AppSlug: "app", APIToken: token},
		{Name: "more", Service: source.Bitrise, Verify: header, AppSlug: "app", APIToken: token},
		{Name: "e2e", Service: source.Currents, Verify: header, ProjectID: "project", APIToken: token},
		{Name: "bugs", Service: source.Gleap, Verify: header},
	}}
}

// world is both services.
type world map[string]*shelf

func newWorld() world {
	return world{source.Bitrise: {service: source.Bitrise}, source.Currents: {service: source.Currents}}
}

func (w world) open(a hooks.Account) (hooks.Place, error) { return w[a.Service], nil }

// sync plans and applies, and returns the plan.
func (w world) sync(t *testing.T, f *rule.File, prune bool) hooks.Plan {
	t.Helper()
	plan, err := hooks.Make(t.Context(), f, w.open, prune)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Apply(t.Context(), func(hooks.Done) {}); err != nil {
		t.Fatal(err)
	}
	return plan
}

// ours returns the webhooks that a sync made.
func (w world) ours() []hooks.Webhook {
	var found []hooks.Webhook
	for _, service := range hooks.Services() {
		for _, h := range w[service].hooks {
			if _, revision, ok := hooks.Named(public, h.URL); ok && revision != "" {
				found = append(found, h)
			}
		}
	}
	return found
}

func TestSyncMakesWhatTheFileWants(t *testing.T) {
	t.Parallel()
	w := newWorld()
	plan := w.sync(t, file("swordfish"), false)
	if len(plan.Steps) != 3 {
		t.Errorf("plan %+v", plan)
	}
	text, err := json.Marshal(plan)
	if shown := string(text) + fmt.Sprintf("%+v", plan); err != nil || strings.Contains(shown, "swordfish") {
		t.Errorf("the plan shows a secret: %s, %v", shown, err)
	}
	ci, more, e2e := w[source.Bitrise].hooks[0], w[source.Bitrise].hooks[1], w[source.Currents].hooks[0]
	if ci.Secret.Reveal() != "swordfish" || ci.Headers != nil || !slices.Equal(ci.Events, []string{"build"}) {
		t.Errorf("ci is %+v", ci)
	}
	if more.Headers["X-Key"].Reveal() != "swordfish" || !more.Secret.IsZero() {
		t.Errorf("more is %+v", more)
	}
	if e2e.Headers["X-Key"].Reveal() != "swordfish" || len(e2e.Events) != 4 || e2e.Label != "afterdeploy e2e" {
		t.Errorf("e2e is %+v", e2e)
	}
	if again := w.sync(t, file("swordfish"), true); len(again.Steps) != 0 || again.InSync != 3 {
		t.Errorf("a second sync does %+v", again)
	}
}

// From whatever state, one sync leaves the wanted webhooks, with the secret of
// now, and with prune no other of ours; the next one finds nothing to do; and
// what is not ours is as it was.
func TestSyncFromAnyState(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		random, w := rand.New(rand.NewPCG(seed, 0)), newWorld()
		w.sync(t, file("older"), false)
		drift(w, random)
		theirs, prune := w.theirs(), seed%2 == 0
		w.sync(t, file("newer"), prune)
		if again := w.sync(t, file("newer"), prune); len(again.Steps) != 0 || again.InSync != 3 {
			t.Errorf("state %d: a second sync does %+v", seed, again)
		}
		if diff := cmp.Diff(theirs, w.theirs()); diff != "" {
			t.Errorf("state %d: what is not ours (-before +after):\n%s", seed, diff)
		}
		if n := len(w.ours()); prune && n != 3 {
			t.Errorf("state %d: %d webhooks of ours, want 3", seed, n)
		}
		for _, h := range w.ours() {
			name, _, _ := hooks.Named(public, h.URL)
			if prune && h.Secret.Reveal() != "newer" && h.Headers["X-Key"].Reveal() != "newer" {
				t.Errorf("state %d: %s has the old secret", seed, name)
			}
		}
	}
}

// theirs are the IDs and addresses of the webhooks that no sync made.
func (w world) theirs() []string {
	found := []string{}
	for _, service := range hooks.Services() {
		for _, h := range w[service].hooks {
			if _, revision, ok := hooks.Named(public, h.URL); !ok || revision == "" {
				found = append(found, h.ID+" "+h.URL)
			}
		}
	}
	return found
}

// drift does to the webhooks what people do.
func drift(w world, random *rand.Rand) {
	for i := range random.IntN(20) {
		s, id := w[hooks.Services()[random.IntN(2)]], fmt.Sprint("drift", i)
		what := random.IntN(6)
		if len(s.hooks) == 0 {
			what %= 3 // there is nothing to change
		}
		switch what {
		case 0: // somebody else's
			s.hooks = append(s.hooks, hooks.Webhook{ID: id, URL: "https://other.example.com/at/hooks/ci?rev=00000000"})
		case 1: // made by hand
			s.hooks = append(s.hooks, hooks.Webhook{ID: id, URL: public + "/hooks/e2e"})
		case 2: // of a source that is gone
			s.hooks = append(s.hooks, hooks.Webhook{ID: id, URL: public + "/hooks/gone?rev=0123abcd"})
		case 3: // a copy
			twin := s.hooks[random.IntN(len(s.hooks))]
			twin.ID = id
			s.hooks = append(s.hooks, twin)
		case 4: // deleted
			s.hooks = slices.Delete(s.hooks, 0, 1)
		case 5: // changed
			h := &s.hooks[random.IntN(len(s.hooks))]
			h.Events, h.Label = []string{"all"}, "mine"
			h.Headers = map[string]secret.String{"X-Other": secret.New("o")}
		}
	}
}

// A failure leaves the other changes to be made, and what was not made to the
// next sync.
func TestApplyGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w[source.Bitrise].refuse = map[string]error{public + "/hooks/ci": errors.New("no room")}
	plan, err := hooks.Make(t.Context(), file("k"), w.open, false)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	err = plan.Apply(t.Context(), func(d hooks.Done) { told = append(told, fmt.Sprintf("%s %s %s: %v", d.Do, d.Source, d.ID, d.Err)) })
	if err == nil || !strings.HasPrefix(err.Error(), "1 of 3 changes were not made") {
		t.Errorf("Apply() = %v", err)
	}
	want := []string{"create ci : no room", "create more made1: <nil>", "create e2e made1: <nil>"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	w[source.Bitrise].refuse = nil
	if rest := w.sync(t, file("k"), false); len(rest.Steps) != 1 || rest.Steps[0].Source != "ci" {
		t.Errorf("the next sync does %+v", rest)
	}
}

// Nothing is done where the context ended.
func TestApplyStops(t *testing.T) {
	t.Parallel()
	w := newWorld()
	plan, err := hooks.Make(t.Context(), file("k"), w.open, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := plan.Apply(ctx, func(hooks.Done) {}); err == nil || len(w.ours()) != 0 {
		t.Errorf("Apply() = %v, made %v", err, w.ours())
	}
}

// A place that cannot be asked leaves no plan, and all such places are named.
func TestMakeNamesEveryFault(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, s := range w {
		s.refuse = map[string]error{"list": errors.New("not now")}
	}
	_, err := hooks.Make(t.Context(), file("k"), w.open, false)
	if err == nil || err.Error() != "bitrise app: not now\ncurrents project: not now" {
		t.Errorf("Make() = %v", err)
	}
}
