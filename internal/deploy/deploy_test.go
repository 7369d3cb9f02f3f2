package deploy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

func TestValueShowsEveryField(t *testing.T) {
	t.Parallel()
	commit, err := deploy.ParseCommit(sha)
	if err != nil {
		t.Fatal(err)
	}
	branch, err := deploy.ParseBranch("main")
	if err != nil {
		t.Fatal(err)
	}
	d := deploy.Deployment{
		State: deploy.Success, Ref: commit, Environment: "preview", EnvironmentName: "Preview – web",
		URL: "https://x.example", PullRequest: 12, Repository: "acme/shop",
	}
	want := map[deploy.Field]string{
		"deployment-state": "success", "commit-sha": sha, "branch": "", "environment": "preview",
		"environment-name": "Preview – web", "environment-url": "https://x.example", "pull-request": "12", "repository": "acme/shop",
	}
	if diff := cmp.Diff(want, values(d)); diff != "" {
		t.Errorf("values of a deployed commit (-want +got):\n%s", diff)
	}
	d.Ref = branch
	want["commit-sha"], want["branch"] = "", "main"
	if diff := cmp.Diff(want, values(d)); diff != "" {
		t.Errorf("values of a deployed branch (-want +got):\n%s", diff)
	}
	for field, value := range values(deploy.Deployment{}) {
		if value != "" {
			t.Errorf("the zero Deployment has %s = %q, want nothing", field, value)
		}
	}
	if got := d.Value("key"); got != "" {
		t.Errorf("Value(%q) = %q, want nothing", "key", got)
	}
}

func TestFieldsListsEveryField(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, field := range deploy.Fields() {
		listed = append(listed, string(field))
	}
	declared := constants(t, "deploy.go", "Field")
	slices.Sort(declared)
	slices.Sort(listed)
	if diff := cmp.Diff(declared, listed); diff != "" {
		t.Errorf("Fields() (-declared +listed):\n%s", diff)
	}
}

func values(d deploy.Deployment) map[deploy.Field]string {
	found := map[deploy.Field]string{}
	for _, field := range deploy.Fields() {
		found[field] = d.Value(field)
	}
	return found
}
