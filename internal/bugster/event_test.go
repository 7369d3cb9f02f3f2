package bugster_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

const sha = "0123456789abcdef0123456789abcdef01234567"

func commit(t *testing.T, text string) deploy.Ref {
	t.Helper()
	ref, err := deploy.ParseCommit(text)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func branch(t *testing.T, text string) deploy.Ref {
	t.Helper()
	ref, err := deploy.ParseBranch(text)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// event is a whole one, about a commit.
func event(t *testing.T) bugster.Event {
	t.Helper()
	return bugster.Event{
		Deployment: deploy.Deployment{
			State: deploy.Success, Ref: commit(t, sha), URL: "https://shop.example.com/?a=1&b=<2>",
			Environment: "production", EnvironmentName: "Production", PullRequest: 7, Repository: "acme/shop",
		},
		ProjectID: "shop-1756145574", OrganizationID: "org_abc123def456ghi789jkl", CorrelationID: "ad-42",
	}
}

func TestBodyIsTheDocumentedJSON(t *testing.T) {
	t.Parallel()
	whole, onBranch, least := event(t), event(t), event(t)
	onBranch.Deployment.Ref = branch(t, "feature/ü&x")
	least.Deployment = deploy.Deployment{State: deploy.InProgress, Ref: whole.Deployment.Ref}
	tests := map[string]struct {
		event bugster.Event
		want  string
	}{
		"commit": {whole, `{"deployment_state":"success","project_id":"shop-1756145574","organization_id":"org_abc123def456ghi789jkl","commit_sha":"` + sha + `","environment_url":"https://shop.example.com/?a=1&b=<2>","environment":"production"}`},
		"branch": {onBranch, `{"deployment_state":"success","project_id":"shop-1756145574","organization_id":"org_abc123def456ghi789jkl","branch":"feature/ü&x","environment_url":"https://shop.example.com/?a=1&b=<2>","environment":"production"}`},
		"least":  {least, `{"deployment_state":"in_progress","project_id":"shop-1756145574","organization_id":"org_abc123def456ghi789jkl","commit_sha":"` + sha + `"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := bugster.Body(tt.event)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("Body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBodyRefusesADeploymentThatSaysNothing(t *testing.T) {
	t.Parallel()
	noRef, noState := event(t), event(t)
	noRef.Deployment.Ref = deploy.Ref{}
	noState.Deployment.State = ""
	for name, e := range map[string]bugster.Event{"no commit and no branch": noRef, "no state": noState} {
		if body, err := bugster.Body(e); err == nil || body != nil {
			t.Errorf("%s: Body = %s, %v, want an error alone", name, body, err)
		}
	}
}

func FuzzBodyHasExactlyOneOfCommitAndBranch(f *testing.F) {
	f.Add(sha, "https://x.example", "preview", "project", "org_1", 0)
	f.Add("main", "", "", "", "", 1)
	f.Add("refs/heads/a\"b", "\x00", "</script>", "\xff", "\u2028", 2)
	f.Fuzz(func(t *testing.T, ref, url, environment, project, organization string, state int) {
		parsed, err := deploy.ParseCommit(ref)
		if err != nil {
			parsed, err = deploy.ParseBranch(ref)
		}
		if err != nil {
			t.Skip()
		}
		states := deploy.States()
		body, err := bugster.Body(bugster.Event{
			Deployment: deploy.Deployment{State: states[uint(state)%uint(len(states))], Ref: parsed, URL: url, Environment: environment},
			ProjectID:  project, OrganizationID: organization,
		})
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]string
		if err := json.Unmarshal(body, &fields); err != nil {
			t.Fatalf("Body = %s: %v", body, err)
		}
		sentCommit, hasCommit := fields["commit_sha"]
		sentBranch, hasBranch := fields["branch"]
		if hasCommit == hasBranch || sentCommit != parsed.Commit() || sentBranch != parsed.Branch() {
			t.Errorf("Body of %+v = %s, want exactly that", parsed, body)
		}
		for name := range fields {
			switch name {
			case "deployment_state", "project_id", "organization_id", "commit_sha", "branch", "environment_url", "environment":
			default:
				t.Errorf("Body has a field %q that nobody documents", name)
			}
		}
	})
}
