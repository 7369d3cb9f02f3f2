package work_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// What was said to a target and answered goes first; that it was, and how it
// ended, stays as long as the delivery.
func prunesWhatWasSaid(t *testing.T, open opener) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(server.Close)
	there, err := target.New(server.Client(), rule.TargetConfig{
		Name: "there", Service: rule.TargetGitHub, APIURL: server.URL, Repositories: []string{"acme/web"}, Token: secret.New("t"),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := start(t, open, work.Options{}, nil)
	if err := w.SetLanes(t.Context(), []work.Lane{{Name: "there", Concurrency: 4, Target: there}}); err != nil {
		t.Fatal(err)
	}
	a := action("a")
	a.Repository, a.Dispatch = "acme/web", &rule.DispatchSpec{EventType: "live"}
	accept(t, w, work.Batch{Event: happened("e"), Actions: []rule.Action{a}})
	await(t, w, "a", work.Done)
	said := func() []target.Exchange {
		t.Helper()
		attempts, err := w.Attempts(t.Context(), "a")
		if err != nil || len(attempts) != 1 || attempts[0].Outcome != "done" {
			t.Fatalf("attempts %+v, %v; want one that is done", attempts, err)
		}
		return attempts[0].Exchanges
	}
	prune := func(bodies time.Time) {
		t.Helper()
		if n, err := w.Prune(t.Context(), bodies, time.Now().Add(-time.Hour)); n != 0 || err != nil {
			t.Errorf("Prune = %d, %v; want no delivery gone", n, err)
		}
	}
	if prune(time.Now().Add(-time.Hour)); len(said()) != 1 {
		t.Errorf("said %+v, want one exchange", said())
	}
	if prune(time.Now().Add(time.Hour)); len(said()) != 0 {
		t.Errorf("said %+v after pruning, want nothing", said())
	}
}
