package release_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// The rules about workflows that can be held without a network; zizmor, in the
// check workflow, has more of them.

// workflow is what the rules look at, in a workflow and in an action.
type workflow struct {
	On          any
	Permissions any
	Jobs        map[string]struct {
		Permissions any
		Secrets     any
		Uses        string
		Steps       []step
	}
	Runs struct{ Steps []step }
}

type step struct {
	Uses, Run, Shell string
	With             map[string]any
}

func TestWorkflowsKeepTheRules(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(paths) < 5 {
		t.Fatalf("found the workflows %v, %v, want at least 5", paths, err)
	}
	for _, path := range append(paths, "../../action.yml", "../../setup/action.yml") {
		if problems := broken(t, read(t, path)); len(problems) > 0 {
			t.Errorf("%s:\n%s", path, strings.Join(problems, "\n"))
		}
	}
}

func TestBrokenRulesAreFound(t *testing.T) {
	t.Parallel()
	const head = "on: push\npermissions: {}\njobs:\n  a:\n    permissions: {contents: read}\n    steps:\n"
	tests := map[string]struct{ text, want string }{
		"a tag":              {head + "      - uses: actions/setup-go@v7\n", "want a commit"},
		"no tag behind":      {head + "      - uses: actions/setup-go@" + commit + "\n", "want a commit"},
		"text into a script": {head + "      - run: echo ${{ github.head_ref }}\n", "is pasted into a script"},
		"a hidden failure":   {head + "      - run: make | tee log\n", "pipefail"},
		"kept credentials":   {head + "      - uses: actions/checkout@" + commit + " # v7.0.1\n", "persist-credentials"},
		"a privileged event": {strings.Replace(head, "push", "pull_request_target", 1) + "      - run: make\n", "pull_request_target"},
		"default permission": {strings.Replace(head, "permissions: {}\n", "", 1) + "      - run: make\n", "permissions: {}"},
		"all permissions":    {strings.Replace(head, "{contents: read}", "write-all", 1) + "      - run: make\n", "of its own"},
		"no permission":      {strings.Replace(head, "    permissions: {contents: read}\n", "", 1) + "      - run: make\n", "of its own"},
		"all secrets":        {"on: push\npermissions: {}\njobs:\n  a:\n    permissions: {}\n    uses: ./x.yml\n    secrets: inherit\n", "all secrets"},
		"a cache":            {"on: workflow_dispatch\npermissions: {}\njobs:\n  a:\n    permissions: {packages: write}\n    steps:\n      - uses: actions/setup-go@" + commit + " # v7.0.0\n", "cache: false"},
		"a movable image":    {head + "      - uses: docker://debian:stable\n", "want a commit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if problems := broken(t, tt.text); len(problems) != 1 || !strings.Contains(problems[0], tt.want) {
				t.Errorf("found %q, want one problem with %q", problems, tt.want)
			}
		})
	}
}

// broken returns the rules that a workflow or an action breaks.
func broken(t *testing.T, text string) []string {
	t.Helper()
	var w workflow
	if err := yaml.Unmarshal([]byte(text), &w); err != nil {
		t.Fatal(err)
	}
	problems := unpinned(text)
	steps := w.Runs.Steps
	events := fmt.Sprint(w.On)
	for _, event := range []string{"pull_request_target", "workflow_run", "issue_comment"} {
		if strings.Contains(events, event) {
			problems = append(problems, "runs on "+event+", where foreign code meets our token")
		}
	}
	called := strings.HasPrefix(events, "map[workflow_call:") // has its caller's permissions
	if w.Jobs != nil && !called && fmt.Sprint(w.Permissions) != "map[]" {
		problems = append(problems, "want permissions: {} for the workflow")
	}
	writes := strings.Contains(text, ": write")
	for _, name := range slices.Sorted(maps.Keys(w.Jobs)) {
		job := w.Jobs[name]
		if _, own := job.Permissions.(map[string]any); !own && !called {
			problems = append(problems, fmt.Sprintf("job %s: want permissions of its own, by name", name))
		}
		if job.Secrets == "inherit" {
			problems = append(problems, fmt.Sprintf("job %s hands on all secrets", name))
		}
		steps = append(steps, job.Steps...)
	}
	for _, s := range steps {
		problems = append(problems, brokenStep(s, writes)...)
	}
	return problems
}

func brokenStep(s step, writes bool) []string {
	var problems []string
	if strings.Contains(s.Run, "${{") {
		problems = append(problems, fmt.Sprintf("an expression is pasted into a script, want it in env: %q", s.Run))
	}
	if pipe := regexp.MustCompile(`[^|]\|[^|]`); pipe.MatchString(s.Run) && s.Shell != "bash" {
		problems = append(problems, fmt.Sprintf("what fails before a | goes unseen, want shell: bash, which sets pipefail: %q", s.Run))
	}
	if _, said := s.With["persist-credentials"]; strings.HasPrefix(s.Uses, "actions/checkout@") && !said {
		problems = append(problems, "checkout: want persist-credentials to be given")
	}
	if writes && strings.HasPrefix(s.Uses, "actions/setup-go@") && s.With["cache"] != false {
		problems = append(problems, "setup-go: want cache: false where something is published")
	}
	return problems
}

// unpinned returns every reference that names neither a commit, with its tag
// behind it, nor this repository.
func unpinned(text string) []string {
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+){0,2}$`)
	own := regexp.MustCompile(`^(\./.*|afterdeploy/afterdeploy\S*@\S+( # \S+)?)$`)
	var problems []string
	for _, line := range regexp.MustCompile(`(?m)^[ \t]*(?:- )?uses: *(.+)$`).FindAllStringSubmatch(text, -1) {
		if ref := strings.TrimSpace(line[1]); !pinned.MatchString(ref) && !own.MatchString(ref) {
			problems = append(problems, fmt.Sprintf("uses %q: want a commit, and its tag behind it", ref))
		}
	}
	return problems
}

// The release verifies what it published as users are told to.
func TestSecurityPolicyVerifiesAsTheReleaseDoes(t *testing.T) {
	t.Parallel()
	policy, workflow := read(t, "../../SECURITY.md"), read(t, "../../.github/workflows/release.yml")
	for _, part := range []string{
		"https://github.com/afterdeploy/afterdeploy/.github/workflows/release.yml@refs/heads/main",
		"--certificate-oidc-issuer https://token.actions.githubusercontent.com",
		"--repo afterdeploy/afterdeploy", "--source-ref refs/heads/main",
		"--signer-workflow afterdeploy/afterdeploy/.github/workflows/release.yml",
		"--predicate-type https://cyclonedx.org/bom", "--bundle SHA256SUMS.sigstore.json", "sha256sum --check",
	} {
		if !strings.Contains(policy, part) || !strings.Contains(workflow, part) {
			t.Errorf("SECURITY.md and release.yml do not both have %q", part)
		}
	}
}

// Dependabot looks for new releases of all that is pinned.
func TestDependabotKnowsEveryEcosystem(t *testing.T) {
	t.Parallel()
	text := read(t, "../../.github/dependabot.yml")
	for file, ecosystem := range map[string]string{
		"go.mod": "gomod", "Dockerfile": "docker", "setup/action.yml": "github-actions", ".ci/workflow-parser/package.json": "npm",
	} {
		if _, err := os.Stat("../../" + file); err != nil {
			t.Error(err)
		}
		if !strings.Contains(text, "package-ecosystem: "+ecosystem+"\n") {
			t.Errorf("dependabot.yml does not know %s, of %s", ecosystem, file)
		}
	}
}
