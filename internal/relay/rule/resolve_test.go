package rule_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/origin"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

// A dispatch that the relay sends is resolved on the other side to the state,
// commit or branch, environment and address of the event that led to it. Only
// success is a success there.
func TestDispatchIsResolved(t *testing.T) {
	t.Parallel()
	type deployment struct{ State, Commit, Branch, Environment, URL string }
	const sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
	const ci = "  ci: {service: bitrise, verify: none, environment: staging, environment-url: https://staging.example.com}\n"
	f := load(t, strings.Replace(head, "targets:\n", ci+"targets:\n", 1)+"  - {name: d, source: [hooks, e2e, ci], do: dispatch, to: hub, with: {repository: acme/web}}\n")
	for _, tt := range []struct {
		source, what string
		want         deployment
	}{
		{"hooks", "deployment_status", deployment{"success", sha, "", "production", "https://preview.example.com"}},
		{"hooks", "deployment_status:failed", deployment{"error", sha, "", "production", "https://preview.example.com"}},
		{"hooks", "deployment_status:pending", deployment{"in_progress", sha, "", "production", "https://preview.example.com"}},
		{"ci", "build/finished", deployment{"success", "", "main", "staging", "https://staging.example.com"}},
		{"ci", "build/finished:aborted-with-success", deployment{"cancelled", "", "main", "staging", "https://staging.example.com"}},
		{"e2e", "RUN_FINISH", deployment{"success", sha, "", "", ""}},
		{"e2e", "RUN_FINISH:empty", deployment{"error", sha, "", "", ""}},
		{"e2e", "RUN_TIMEOUT", deployment{"error", sha, "", "", ""}},
		{"e2e", "RUN_CANCELED", deployment{"cancelled", sha, "", "", ""}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			payload := payloadOf(t, one(t, f, arrived(t, f, tt.source, tt.what, services.Options{})).Dispatch)
			d := origin.Resolve(workflow, payload, origin.Given{}).Deployment
			got := deployment{string(d.State), d.Ref.Commit(), d.Ref.Branch(), d.Environment, d.URL}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("resolved (-want +got):\n%s", diff)
			}
		})
	}
	unknown := arrived(t, f, "ci", "build/finished", services.Options{})
	unknown.Status = event.StatusUnknown
	if got := origin.Resolve(workflow, payloadOf(t, one(t, f, unknown).Dispatch), origin.Given{}).Deployment.State; got == "success" {
		t.Errorf("what is unknown is resolved to %q", got)
	}
}

// workflow is the environment of a workflow that the dispatch starts: it runs on
// the default branch, which is not what was deployed.
func workflow(name string) string {
	return map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "repository_dispatch", "GITHUB_REPOSITORY": "acme/web",
		"GITHUB_SHA": "ffffffffffffffffffffffffffffffffffffffff", "GITHUB_REF": "refs/heads/default", "GITHUB_REF_NAME": "default",
	}[name]
}

// payloadOf is the event that GitHub makes of a dispatch.
func payloadOf(t *testing.T, d *rule.DispatchSpec) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"action": d.EventType, "branch": "default", "client_payload": d.ClientPayload,
		"repository": map[string]any{"full_name": "acme/web", "default_branch": "default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What a service reported comes out on the other side, whatever it is about.
func TestDispatchTellsWhatWasReported(t *testing.T) {
	t.Parallel()
	f := load(t, head+"  - {name: d, source: [hooks, e2e, bugs], do: dispatch, to: hub, with: {repository: acme/web}}\n")
	for _, tt := range []struct{ source, what, branch string }{
		{"hooks", "deployment_status:failed", ""}, {"hooks", "pull_request", ""},
		{"e2e", "RUN_FINISH:failed", ""}, {"e2e", "RUN_TIMEOUT", "pull/7/merge"}, {"bugs", "report", ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			e := arrived(t, f, tt.source, tt.what, services.Options{Branch: tt.branch})
			want := &origin.Reported{
				Service: e.Service, Kind: string(e.Kind), Status: string(e.Status), Subject: e.Subject, Title: e.Title, URL: e.URL,
				Commit: e.Commit, Branch: e.Branch, PullRequest: e.PullRequest,
			}
			got := origin.Resolve(workflow, payloadOf(t, one(t, f, e).Dispatch), origin.Given{}).Reported
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}
