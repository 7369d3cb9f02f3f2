package rule_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// What a rule is shown as is what it was loaded from, with what follows.
func TestDescribe(t *testing.T) {
	t.Parallel()
	file, err := rule.Load([]byte(`
sources:
  ci: {service: bitrise, verify: {header: X-S, secret: env:S}, repository: acme/web}
targets:
  hub: {service: github, token: env:T, repositories: [acme/web]}
rules:
  - name: bugs
    do: issue
    to: hub
    branch: [main, "release/*"]
    when: counts.failed > 0
    max-age: 90m
    with: {title: "$${x} ${title} in ${branch}", labels: ["p:${priority}"], update: false}
  - {name: built, do: dispatch, to: hub, with: {event-type: built, client-payload: {all: ["${raw}", 3], deep: {n: "${fields.x}"}}}}
`), func(string) (secret.String, error) { return secret.New("s"), nil })
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{"deployment", "build", "run", "bug", "check", "push", "pull_request", "release", "dispatch", "delivery", "target"}
	want := []rule.Description{{
		Name: "bugs", Do: rule.Issue, Target: "hub", MaxAge: "1h30m", Sources: []string{"ci"}, Kinds: kinds,
		Statuses: []string{}, Events: []string{}, Branches: []string{"main", "release/*"}, Environments: []string{}, Workflows: []string{},
		When: "counts.failed > 0",
		With: map[string]any{"title": "$${x} ${title} in ${branch}", "labels": []any{"p:${priority}"}, "update": false},
	}, {
		Name: "built", Do: rule.Dispatch, Target: "hub", Sources: []string{"ci"}, Kinds: kinds,
		Statuses: []string{}, Events: []string{}, Branches: []string{}, Environments: []string{}, Workflows: []string{},
		With: map[string]any{"event-type": "built", "client-payload": map[string]any{"all": []any{"${raw}", uint64(3)}, "deep": map[string]any{"n": "${fields.x}"}}},
	}}
	var got []rule.Description
	for _, r := range file.Rules {
		got = append(got, r.Describe())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Describe (-want +got):\n%s", diff)
	}
}
