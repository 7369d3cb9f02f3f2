package enrich_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/relay/enrich"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

// asking makes the enrichment of a source whose API gives these answers by path.
func asking(t *testing.T, c source.Config, status int, answers map[string]string) func(context.Context, event.Event) (event.Event, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if !ok && status == http.StatusOK {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	c.APIURL, c.APIToken = server.URL, secret.New("t")
	return func(ctx context.Context, e event.Event) (event.Event, error) {
		return enrich.Enricher{HTTP: server.Client()}.Enrich(ctx, c, e)
	}
}

func build() event.Event {
	return event.Event{Kind: event.KindBuild, Status: event.StatusSuccess, Branch: "main", Fields: map[string]string{"app": "a", "build": "b"}}
}

func TestBitrise(t *testing.T) {
	t.Parallel()
	ask := asking(t, source.Config{Service: source.Bitrise}, http.StatusOK, map[string]string{
		"/apps/a/builds/b": `{"data": {"status": 2, "commit_hash": "` + sha + `", "branch": "other", "triggered_workflow": "deploy", "pull_request_id": 12}}`,
		"/apps/a":          `{"data": {"repo_owner": "acme", "repo_slug": "ios"}}`,
	})
	e, err := ask(t.Context(), build())
	if err != nil || e.Commit != sha || e.Repository != "acme/ios" || e.Workflow != "deploy" || e.PullRequest != 12 || e.Branch != "main" || e.Status != event.StatusSuccess {
		t.Errorf("event %+v, %v", e, err)
	}
}

// What the API refuses is noted; what may be different the next time is an
// error.
func TestFailures(t *testing.T) {
	t.Parallel()
	for status, again := range map[int]bool{401: false, 404: false, 429: true, 503: true} {
		for _, c := range []source.Config{{Service: source.Bitrise}, {Service: source.Currents, Aggregate: true}} {
			e := build()
			if c.Service == source.Currents {
				e = group()
			}
			before := len(e.Fields)
			got, err := asking(t, c, status, nil)(t.Context(), e)
			if (err != nil) != again || (got.Fields["api"] != "") == again {
				t.Errorf("%s %d: %+v, %v", c.Service, status, got.Fields, err)
			}
			if len(e.Fields) != before {
				t.Errorf("%s %d: the event that was given changed", c.Service, status)
			}
		}
	}
}

func group() event.Event {
	return event.Event{
		Kind: event.KindRun, Status: event.StatusSuccess, Subject: "r1/chromium", Title: "green",
		Fields: map[string]string{"run": "r1", "group": "chromium"},
	}
}

// One green group is no green run.
func TestCurrentsAggregate(t *testing.T) {
	t.Parallel()
	const two = `"groups": [{"groupId": "chromium", "tests": {"passes": 3}}, {"groupId": "firefox", "tests": {"passes": 1, "failures": 2}}]`
	for completion, want := range map[string]event.Status{
		`"completionState": "incomplete", "status": "running"`: event.StatusPending,
		`"completionState": "complete", "status": "failed"`:    event.StatusFailure,
		`"completionState": "cancelled", "status": "passed"`:   event.StatusCancelled,
		`"completionState": "timedOut", "status": "passed"`:    event.StatusTimedOut,
		`"status": "passed"`: event.StatusUnknown,
	} {
		ask := asking(t, source.Config{Service: source.Currents, Aggregate: true}, http.StatusOK, map[string]string{
			"/runs/r1": `{"data": {"runId": "r1", ` + completion + `, ` + two + `}}`,
		})
		e, err := ask(t.Context(), group())
		if err != nil || e.Status != want || e.Fields["group"] != "" || e.Counts.Failed != 2 || !strings.Contains(e.Title, "2 groups") {
			t.Errorf("%s: %+v, %v", completion, e, err)
		}
	}
}

// Where the API does not tell, a green group is not green for all.
func TestCurrentsAggregateWithoutAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusInternalServerError} {
		for aggregate, want := range map[bool]event.Status{true: event.StatusUnknown, false: event.StatusSuccess} {
			ask := asking(t, source.Config{Service: source.Currents, Aggregate: aggregate}, status, nil)
			if e, _ := ask(t.Context(), group()); e.Status != want {
				t.Errorf("after %d, aggregate %v: status %q, want %q", status, aggregate, e.Status, want)
			}
		}
	}
}

func TestCurrentsFillsIn(t *testing.T) {
	t.Parallel()
	ask := asking(t, source.Config{Service: source.Currents}, http.StatusOK, map[string]string{
		"/runs/r1": `{"data": {"runId": "r1", "completionState": "incomplete", "meta": {"commit": {"sha": "` + sha + `", "branch": "main"}}}}`,
	})
	e, err := ask(t.Context(), group())
	if err != nil || e.Commit != sha || e.Branch != "main" || e.Status != event.StatusSuccess || e.Fields["group"] != "chromium" {
		t.Errorf("event %+v, %v", e, err)
	}
}

func TestNothingToAsk(t *testing.T) {
	t.Parallel()
	for _, c := range []source.Config{{Service: source.Bitrise}, {Service: source.Gleap, APIToken: secret.New("t")}} {
		// There is no server to ask.
		if _, err := (enrich.Enricher{HTTP: http.DefaultClient}).Enrich(t.Context(), c, build()); err != nil {
			t.Errorf("%s: %v", c.Service, err)
		}
	}
	ask := asking(t, source.Config{Service: source.Bitrise}, http.StatusOK, nil)
	if _, err := ask(t.Context(), event.Event{Kind: event.KindOther}); err != nil {
		t.Error(err)
	}
}
