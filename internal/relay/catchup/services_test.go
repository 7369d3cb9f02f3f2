package catchup_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/catchup"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

func secretOf(text string) secret.String { return secret.New(text) }

// An organization's webhook and an App's own are looked at beside a
// repository's, and only those that lead here.
func TestOrganizationAndApp(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	missed := func(guid string) []github.Delivery {
		return []github.Delivery{{GUID: guid, Event: "push", Status: 504, Ago: time.Minute, Payload: `{"ref": "refs/heads/` + guid + `"}`}}
	}
	script := github.Script{
		App: github.App{ID: "7", PublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))},
		Hooks: []github.Hook{
			{Of: owner, URL: w.door + "all", Deliveries: missed("repository")},
			{Of: "acme", URL: w.door + "all/", Deliveries: missed("organization")},
			{Of: "acme", URL: w.door + "all?x=1", Deliveries: missed("another")},
			{Of: "acme", URL: w.door + "other", Deliveries: missed("elsewhere")},
			{Of: "acme", URL: w.door + "all", Inactive: true, Deliveries: missed("off")},
			{URL: w.door + "all", Deliveries: missed("app")},
		},
	}
	w.add(source.Config{
		Name: "all", Service: source.GitHub, APIToken: secretOf("t0ken"), APIURL: w.serve(github.New(script)),
		HooksOf: []string{owner, "acme"}, AppID: 7, AppKey: secretOf(string(private)),
	})
	w.wants(catchup.Query{Since: time.Now().Add(-time.Hour)}, count{found: 4, brought: 4})
	for _, guid := range []string{"repository", "organization", "another", "app"} {
		if known, err := w.box.Has(t.Context(), "all", "github:"+guid); err != nil || !known {
			t.Errorf("the %s's is not here: %v", guid, err)
		}
	}
}

// GitHub's API has JSON where the webhook sends a form.
func TestGitHubForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withGitHub(github.Script{})
	w.wants(catchup.Query{}, count{})
	w.down.Store(true)
	if err := w.github.Send(t.Context(), owner, "push", services.Options{Secret: "s", Form: "urlencoded"}); err == nil {
		t.Fatal("it was heard")
	}
	w.down.Store(false)
	w.wants(catchup.Query{}, count{found: 1, brought: 1})
	list, err := w.box.List(t.Context(), inbox.Filter{})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	stored, err := w.box.Get(t.Context(), list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.sources["web"].Parse(source.Request{Header: stored.Header, Body: stored.Body})
	if err != nil || e.Branch != "main" || e.Name != "push" {
		t.Errorf("parsed %+v, %v", e, err)
	}
	if got := stored.Header.Get("X-Hub-Signature-256"); got != "***" || stored.Remote != "catch-up" {
		t.Errorf("kept with signature %q from %q", got, stored.Remote)
	}
}

// Where the log of deliveries has another form of the body than was sent, the
// build tells.
func TestBitriseBodyInAnotherForm(t *testing.T) {
	t.Parallel()
	const body = `{"build_slug": "b", "app_slug": "a", "build_number": 1, "build_status": %d, "git": {"src_branch": "main"}}`
	w := newWorld(t)
	finished, triggered := fmt.Sprintf(body, 1), fmt.Sprintf(body, 0)
	w.withBitrise(bitrise.Script{Webhooks: []bitrise.Webhook{{URL: w.door + "ios", Secret: "s", Deliveries: []bitrise.Delivery{
		{Event: "build/triggered", Payload: triggered, Ago: 2 * time.Minute, Status: 502},
		{Event: "build/finished", Payload: finished, Ago: time.Minute}, // it was kept, and the answer was lost
	}}}})
	if _, err := w.box.Put(t.Context(), inbox.Entry{
		Source: "ios", Service: source.Bitrise, Key: "sha256:of other bytes", Method: "POST", Header: http.Header{"Bitrise-Event-Type": {"build/finished"}},
		Body: []byte(strings.ReplaceAll(finished, " ", "")), Received: time.Now().Add(-time.Minute),
	}); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.wants(catchup.Query{Since: time.Now().Add(-time.Hour)}, count{found: 2, brought: 1, known: 1})
	w.here("build/triggered a/b", "build/finished a/b")
}

// Runs are told by their groups, and only of their end.
func TestCurrentsGroups(t *testing.T) {
	t.Parallel()
	two := []currents.Group{{ID: "chromium", Passes: 3}, {ID: "firefox", Passes: 2, Failures: 1}}
	script := currents.Script{Runs: []currents.Run{
		{ID: "1", Ago: time.Minute, Completion: "COMPLETE", Status: "FAILED", Groups: two},
		{ID: "2", Ago: time.Minute, Completion: "in_progress", Status: "running", Groups: two},
		{ID: "3", Ago: time.Minute, Completion: "CANCELED", Status: "failed", Groups: two[:1]},
		{ID: "4", Ago: time.Minute, Completion: "timedOut", Status: "timedOut"},
		{ID: "5", Ago: time.Minute, Completion: "something new", Status: "passed"},
	}}
	since := catchup.Query{Since: time.Now().Add(-time.Hour)}
	t.Run("one by one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.withCurrents(script, false)
		w.wants(since, count{found: 4, brought: 4})
		w.here("RUN_FINISH 1/chromium", "RUN_FINISH 1/firefox", "RUN_CANCELED 3", "RUN_TIMEOUT 4")
		w.wants(since, count{})
	})
	t.Run("aggregated", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.withCurrents(script, true)
		w.wants(since, count{found: 4, brought: 4})
		w.here("RUN_FINISH 1", "RUN_FINISH 1", "RUN_CANCELED 3", "RUN_TIMEOUT 4")
		w.wants(since, count{})
	})
}

// How long a run took does not tell when it ended: it may have waited first.
func TestCurrentsRunThatWaited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withCurrents(currents.Script{}, false)
	now := time.Now()
	for _, mark := range []time.Time{now.Add(-8 * time.Hour), now.Add(-time.Minute)} {
		if err := w.box.SetCaughtUp(t.Context(), "e2e", mark); err != nil {
			t.Fatal(err)
		}
	}
	w.currents.AddRun(currents.Run{
		ID: "waited", Created: now.Add(-5 * time.Hour), Duration: time.Minute, Completion: "complete", Status: "passed",
		Groups: []currents.Group{{ID: "all", Passes: 3}},
	})
	w.wants(catchup.Query{}, count{found: 1, brought: 1})
	w.here("RUN_FINISH waited")
	w.wants(catchup.Query{}, count{})
}

// A run that failed, though none of its tests did, is no success.
func TestCurrentsFailedWithoutAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withCurrents(currents.Script{Runs: []currents.Run{
		{ID: "1", Ago: time.Minute, Completion: "complete", Status: "failed", Groups: []currents.Group{{ID: "all", Passes: 3}}},
	}}, false)
	w.wants(catchup.Query{Since: time.Now().Add(-time.Hour)}, count{found: 1, brought: 1})
	list, err := w.box.About(t.Context(), "e2e", "1")
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	e, err := w.sources["e2e"].Parse(source.Request{Header: list[0].Header, Body: list[0].Body})
	if err != nil || e.Name != "RUN_FINISH" || e.Status != event.StatusFailure {
		t.Errorf("parsed %s as %s, %v; want a failure", e.Name, e.Status, err)
	}
}

// Of a run with several groups one webhook came and one did not; of a run with
// one group the webhook may have named it.
func TestCurrentsHalfOfARun(t *testing.T) {
	t.Parallel()
	for _, aggregate := range []bool{false, true} {
		t.Run(fmt.Sprint("aggregate ", aggregate), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.withCurrents(currents.Script{}, aggregate)
			w.wants(catchup.Query{}, count{})
			w.send(source.Currents, "RUN_START", 2, true)
			w.send(source.Currents, "RUN_FINISH:group", 1, true)
			w.wants(catchup.Query{}, count{})
			about := func(subject string) inbox.Stored {
				list, err := w.box.List(t.Context(), inbox.Filter{Text: subject})
				if err != nil || len(list) == 0 {
					t.Fatal(list, err)
				}
				return list[0]
			}
			run, _, _ := strings.Cut(about("run_finish").Subject, "/")
			w.currents.AddRun(currents.Run{ID: run, Completion: "complete", Status: "passed", Created: time.Now(), Groups: []currents.Group{
				{ID: "chromium", Passes: 6}, {ID: "webkit", Passes: 6},
			}})
			w.wants(catchup.Query{}, count{found: 1, brought: 1})
			w.wants(catchup.Query{}, count{})
		})
	}
}

// What came and was not read yet could be the one that is looked for.
func TestCurrentsWaitsForWhatIsUnread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withCurrents(currents.Script{}, false)
	w.wants(catchup.Query{}, count{})
	if err := w.currents.Send(t.Context(), currents.DefaultProject, "RUN_FINISH", services.Options{Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	report := w.run(catchup.Query{})
	if got := report.Sources[0].Error; got != "1 events of it came and are not read yet: again in a while" {
		t.Errorf("error %q", got)
	}
	w.wants(catchup.Query{}, count{}) // now it is read
	if list, err := w.box.List(t.Context(), inbox.Filter{}); err != nil || len(list) != 1 {
		t.Errorf("%d events, %v; want 1", len(list), err)
	}
}
