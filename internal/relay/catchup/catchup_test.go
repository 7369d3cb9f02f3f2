package catchup_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/poll"
	"github.com/afterdeploy/afterdeploy/internal/relay/catchup"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
)

// What comes while the relay is down is there afterwards, once, and looking
// again changes nothing.
func TestNothingIsMissed(t *testing.T) {
	t.Parallel()
	for service, what := range map[string]string{
		source.GitHub: "deployment_status", source.Bitrise: "build/finished", source.Currents: "RUN_FINISH",
	} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			switch service {
			case source.GitHub:
				w.withGitHub(github.Script{Page: 2})
			case source.Bitrise:
				w.withBitrise(bitrise.Script{Page: 2})
			case source.Currents:
				w.withCurrents(currents.Script{}, false)
			}
			w.wants(catchup.Query{}, count{})
			w.send(service, what, 1, true)
			w.down.Store(true)
			for serial := 2; serial <= 6; serial++ {
				w.send(service, what, serial, false)
			}
			w.down.Store(false)

			w.wants(catchup.Query{DryRun: true}, count{found: 5})
			w.wants(catchup.Query{}, count{found: 5, brought: 5})
			list, err := w.box.List(t.Context(), inbox.Filter{})
			if err != nil || len(list) != 6 {
				t.Fatalf("%d events, %v; want 6", len(list), err)
			}
			subjects := map[string]bool{}
			for _, s := range list {
				if s.Arrivals != 1 || s.State != inbox.Routed || time.Since(s.Received) > time.Minute {
					t.Errorf("kept %+v", s)
				}
				subjects[s.Subject] = true
			}
			if len(subjects) != 6 {
				t.Errorf("%d subjects, want 6", len(subjects))
			}
			again := count{found: 5, known: 5}
			if service == source.Currents {
				again = count{} // it does not say what it sent in vain
			}
			w.wants(catchup.Query{}, again)
			w.wants(catchup.Query{Since: time.Now().Add(-24 * time.Hour)}, again)
			if after, err := w.box.List(t.Context(), inbox.Filter{}); err != nil || len(after) != 6 {
				t.Errorf("%d events afterwards, %v; want 6", len(after), err)
			}
		})
	}
}

// What was brought in is known when the service sends it all the same.
func TestWhatComesLaterIsKnown(t *testing.T) {
	t.Parallel()
	for service, what := range map[string]string{source.GitHub: "push", source.Bitrise: "build/triggered"} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if service == source.GitHub {
				w.withGitHub(github.Script{})
			} else {
				w.withBitrise(bitrise.Script{})
			}
			w.wants(catchup.Query{}, count{})
			w.down.Store(true)
			w.send(service, what, 1, false)
			w.down.Store(false)
			w.wants(catchup.Query{}, count{found: 1, brought: 1})
			w.send(service, what, 1, true) // it has the same identifier and body
			list, err := w.box.List(t.Context(), inbox.Filter{})
			if err != nil || len(list) != 1 || list[0].Arrivals != 2 {
				t.Errorf("kept %+v, %v; want one that came twice", list, err)
			}
		})
	}
}

// Whoever looks at the same time brings in the same, once.
func TestAtTheSameTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withGitHub(github.Script{})
	w.withCurrents(currents.Script{}, false)
	w.wants(catchup.Query{}, count{}, count{})
	w.down.Store(true)
	for serial := range 5 {
		w.send(source.GitHub, "push", serial+1, false)
		w.send(source.Currents, "RUN_FINISH:failed", serial+1, false)
	}
	var (
		looking sync.WaitGroup
		brought atomic.Int32
	)
	for range 4 {
		looking.Go(func() {
			report, err := w.catcher.Run(t.Context(), catchup.Query{})
			for _, r := range report.Sources {
				brought.Add(int32(r.Brought))
				if r.Error != "" && !strings.Contains(r.Error, "not read yet") { // of another look
					err = errors.Join(err, errors.New(r.Error))
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	looking.Wait()
	list, err := w.box.List(t.Context(), inbox.Filter{})
	if err != nil || len(list) != 10 || brought.Load() != 10 {
		t.Errorf("%d events, %d brought in, %v; want 10", len(list), brought.Load(), err)
	}
}

// A relay that was restored from a backup looks for what was taken, too.
func TestAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ago := 10 * time.Minute
	w.withGitHub(github.Script{Hooks: []github.Hook{{Of: owner, URL: w.door + "web", Deliveries: []github.Delivery{
		{GUID: "taken", Event: "push", Status: 200, Ago: ago, Payload: `{"ref": "refs/heads/main"}`},
	}}}})
	w.withBitrise(bitrise.Script{Webhooks: []bitrise.Webhook{{URL: w.door + "ios", Secret: "s", Deliveries: []bitrise.Delivery{
		{Status: 200, Ago: ago, Payload: `{"build_slug": "b", "app_slug": "a", "build_status": 1}`},
	}}}})
	w.send(source.GitHub, "push", 1, true)
	w.send(source.Bitrise, "build/finished", 1, true)
	since := time.Now().Add(-time.Hour)
	w.wants(catchup.Query{Since: since}, count{}, count{})
	// Each service has two webhooks that lead here, and both sent what came.
	w.wants(catchup.Query{Since: since, All: true}, count{found: 3, brought: 1, known: 2}, count{found: 3, brought: 1, known: 2})
	w.wants(catchup.Query{Since: since, All: true}, count{found: 3, known: 3}, count{found: 3, known: 3})
}

// The first time, nothing is missing: what was before the relay is not its own.
func TestBeginsWithTheRelay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withGitHub(github.Script{Hooks: []github.Hook{{Of: owner, URL: w.door + "web", Deliveries: []github.Delivery{
		{GUID: "old", Event: "push", Status: 502, Ago: 2 * time.Hour, Payload: `{"ref": "refs/heads/main"}`},
		{GUID: "late", Event: "push", Status: 502, Ago: 30 * time.Minute, Payload: `{"ref": "refs/heads/main"}`},
	}}}})
	w.wants(catchup.Query{}, count{})
	w.wants(catchup.Query{}, count{})
	w.wants(catchup.Query{Since: time.Now().Add(-time.Hour)}, count{found: 1, brought: 1})
	w.wants(catchup.Query{Since: time.Now().Add(-24 * time.Hour)}, count{found: 2, brought: 1, known: 1})
	w.catcher.Most = 90 * time.Minute
	report := w.run(catchup.Query{Since: time.Now().Add(-24 * time.Hour)})
	if since := report.Sources[0].Since; time.Since(since) > 2*time.Hour {
		t.Errorf("looked since %v: want no further back than is known", since)
	}
}

// A look that failed is made up for by the next, and one far from the mark
// leaves it.
func TestMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withGitHub(github.Script{Faults: []github.Fault{{Path: "*/deliveries", Times: 2, Status: 500}}})
	mark := func() time.Time {
		m, err := w.box.CaughtUp(t.Context(), "web")
		if err != nil {
			t.Fatal(err)
		}
		return m.At
	}
	w.run(catchup.Query{})
	first := mark()
	if first.IsZero() {
		t.Fatal("no mark after the first look, though what comes now is the relay's")
	}
	if report := w.run(catchup.Query{}); report.Sources[0].Error == "" || !report.Failed() || !mark().Equal(first) {
		t.Errorf("a look that failed: %+v, mark %v, want %v", report, mark(), first)
	}
	w.run(catchup.Query{Since: time.Now().Add(time.Minute)})
	w.run(catchup.Query{DryRun: true})
	if !mark().Equal(first) {
		t.Errorf("mark %v, want %v: there would be a gap", mark(), first)
	}
	w.run(catchup.Query{})
	if !mark().After(first) {
		t.Error("the mark did not move")
	}
}

// After an absence longer than anything is known, a look goes as far back as it
// can, and the next one begins where it ended.
func TestMarkAfterALongAbsence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withGitHub(github.Script{})
	w.catcher.Most = 24 * time.Hour
	if err := w.box.SetCaughtUp(t.Context(), "web", time.Now().Add(-72*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, back := range []time.Duration{24 * time.Hour, time.Hour} {
		since := w.run(catchup.Query{}).Sources[0].Since
		if ago := time.Since(since); ago < back || ago > back+time.Minute {
			t.Errorf("looked %v back, want %v", ago, back)
		}
	}
}

// One service's refusal says what it wants, and stops none of the others.
func TestErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withGitHub(github.Script{Permissions: map[string]string{"issues": "write"}})
	w.add(source.Config{Name: "org", Service: source.GitHub, APIToken: secretOf("t0ken"), APIURL: w.serve(github.New(github.Script{
		Hooks: []github.Hook{{Of: "acme", URL: w.door + "web"}},
	})), HooksOf: []string{"acme"}})
	w.add(source.Config{Name: "limited", Service: source.GitHub, APIToken: secretOf("t0ken"), APIURL: w.serve(github.New(github.Script{Faults: []github.Fault{{Path: "*/hooks", Status: 403, Secondary: true, RetryAfter: "60"}}})), HooksOf: []string{owner}})
	w.add(source.Config{Name: "hidden", Service: source.GitHub, APIToken: secretOf("t0ken"), APIURL: w.serve(github.New(github.Script{Repository: "acme/other"})), HooksOf: []string{owner}})
	w.withBitrise(bitrise.Script{Token: "another"})
	w.add(source.Config{Name: "e2e", Service: source.Currents, APIToken: secretOf("k3y"), ProjectID: "p", APIURL: w.serve(currents.New(currents.Script{
		Key: "k3y", Faults: []rest.Fault{{Status: 429, RetryAfter: "30"}},
	}))})
	w.add(source.Config{Name: "unset", Service: source.GitHub})
	w.add(source.Config{Name: "last", Service: source.GitHub, APIToken: secretOf("t0ken"), APIURL: w.serve(github.New(github.Script{
		Hooks: []github.Hook{{Of: owner, URL: w.door + "last"}},
	})), HooksOf: []string{owner}})
	want := map[string]string{
		"web":     "acme/web: list webhooks: GitHub answered 403: Resource not accessible by integration (the token needs webhooks: read)",
		"org":     "acme: none of its 1 webhooks leads to /hooks/org",
		"limited": "acme/web: list webhooks: GitHub answered 403: You have exceeded a secondary rate limit. Please wait a few minutes before you try again. (again at ",
		"hidden":  "acme/web: list webhooks: GitHub answered 404: Not Found: there is none, or the token lacks webhooks: read",
		"ios":     "list webhooks: Bitrise answered 401: Unauthorized: want api-token to be a token of an owner or admin of the app",
		"e2e":     "list runs: Currents answered 429: Too Many Requests (it asks to wait 30s)",
		"last":    "",
	}
	report := w.run(catchup.Query{})
	for _, r := range report.Sources {
		if r.Source == "unset" {
			if r.Note != "give it hooks-of and api-token, or app" || !r.Since.IsZero() {
				t.Errorf("unset: %+v", r)
			}
			continue
		}
		if text := want[r.Source]; text == "" && r.Error != "" || !strings.HasPrefix(r.Error, text) {
			t.Errorf("%s: %q, want %q", r.Source, r.Error, text)
		}
	}
	if len(report.Sources) != 8 || !report.Failed() {
		t.Errorf("%d sources, want 8", len(report.Sources))
	}
	if got := w.run(catchup.Query{Source: "last"}); len(got.Sources) != 1 || got.Failed() {
		t.Errorf("of one source: %+v", got)
	}
	if _, err := w.catcher.Run(t.Context(), catchup.Query{Source: "nobody"}); !errors.Is(err, catchup.ErrUnknownSource) {
		t.Errorf("of no source: %v", err)
	}
}

// What GitHub forgets between its list and the question for it stops nothing.
func TestWhatIsForgottenMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withGitHub(github.Script{
		Faults: []github.Fault{{Path: "*/deliveries/*", Status: 404, Message: "Not Found"}},
		Hooks: []github.Hook{{Of: owner, URL: w.door + "web", Deliveries: []github.Delivery{
			{GUID: "one", Event: "push", Status: 502, Ago: time.Minute, Payload: `{"ref": "refs/heads/main"}`},
			{GUID: "two", Event: "push", Status: 502, Ago: time.Minute, Payload: `{"ref": "refs/heads/main"}`},
		}}},
	})
	w.wants(catchup.Query{Since: time.Now().Add(-time.Hour)}, count{found: 2, brought: 1, failed: 1})
}

// A service that is busy for a moment is asked again.
func TestAsksAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.catcher.Retry = &outbound.Poster{Tries: 2, Budget: time.Minute, Backoff: poll.Constant(time.Millisecond), Sleep: poll.Sleep}
	w.withBitrise(bitrise.Script{Faults: []rest.Fault{{Path: "*/delivery-items", Status: 429}}})
	w.withCurrents(currents.Script{Faults: []rest.Fault{{Path: "*/runs", Status: 503}}}, false)
	w.wants(catchup.Query{}, count{}, count{})
}

// What nobody has any more, and what is too large, is said, and stops nothing.
func TestWhatCannotBeHad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(source.Config{Name: "web", Service: source.GitHub, MaxBody: 100, APIToken: secretOf("t0ken"), HooksOf: []string{owner}, APIURL: w.serve(github.New(
		github.Script{Hooks: []github.Hook{{Of: owner, URL: w.door + "web", Deliveries: []github.Delivery{
			{GUID: "gone", Event: "push", Status: 502, Ago: 3 * time.Minute},
			{GUID: "large", Event: "push", Status: 413, Ago: 2 * time.Minute, Payload: `{"ref": "` + strings.Repeat("x", 91) + `"}`},
			{GUID: "good", Event: "push", Status: 0, Ago: time.Minute, Payload: `{"ref": "refs/heads/main"}`},
			{GUID: "taken", Event: "push", Status: 502, Ago: time.Minute, Payload: `{}`},
			{GUID: "taken", Event: "push", Status: 200, Ago: 0, Payload: `{}`},
		}}}}))})
	report := w.run(catchup.Query{Since: time.Now().Add(-time.Hour)})
	r := report.Sources[0]
	if r.Found != 3 || r.Brought != 1 || r.Failed != 2 || r.Error != "" || !report.Failed() {
		t.Errorf("result %+v", r)
	}
	said := ""
	for _, item := range r.Items {
		said += item.What + ": " + item.Error + "\n"
	}
	for _, want := range []string{"push gone: the service has its payload no more", "push large: it has 101 bytes: want at most 100", "push good: \n"} {
		if !strings.Contains(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	}
}
