package trigger_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/sandbox"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
)

// commenting is a run that comments on pull request 12.
func commenting() scene {
	return scene{
		inputs: map[string]string{"comment": "true", "environment-url": site},
		github: github.Script{Pulls: []github.Pull{{Number: 12, SHA: deployed}, {Number: 11, SHA: deployed, State: "closed"}, {Number: 13, SHA: older, Commits: []string{deployed}}}},
	}
}

// bodies are the texts of the comments that were written, by method and path.
func bodies(t *testing.T, p played) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, w := range p.writes {
		var said struct{ Body string }
		if err := json.Unmarshal(w.Body, &said); err != nil {
			t.Fatal(err)
		}
		found[w.Method+" "+w.Path] = said.Body
	}
	return found
}

const firstComment = "POST /repos/acme/shop/issues/12/comments"

func TestCommentOnTheCommitsPullRequest(t *testing.T) {
	t.Parallel()
	p := play(t, commenting())
	p.want(t, "triggered", "processed", 1)
	body := bodies(t, p)[firstComment]
	if len(p.writes) != 1 || !strings.HasPrefix(body, "<!-- afterdeploy:") || !strings.Contains(body, "Tests triggered") {
		t.Errorf("writes = %+v, want one comment with a marker and the summary", p.writes)
	}
}

func TestCommentOnTheEventsPullRequest(t *testing.T) {
	t.Parallel()
	s := commenting()
	s.event, s.payload = "pull_request", `{"action":"opened","number":14,"repository":{"full_name":"acme/shop"},
		"pull_request":{"number":14,"head":{"sha":"`+deployed+`","ref":"cart","repo":{"full_name":"acme/shop"}},"base":{"repo":{"full_name":"acme/shop"}}}}`
	p := play(t, s)
	p.want(t, "triggered", "processed", 1)
	if len(p.writes) != 1 || p.writes[0].Path != "/repos/acme/shop/issues/14/comments" {
		t.Errorf("writes = %+v, want a comment on #14", p.writes)
	}
}

func TestCommentWithoutACommitIsANotice(t *testing.T) {
	t.Parallel()
	s := commenting()
	s.event, s.payload, s.inputs["branch"] = "workflow_dispatch", `{"ref":"refs/heads/main"}`, "main"
	p := play(t, s)
	p.want(t, "triggered", "processed", 1)
	p.says(t, "the whole hash of the deployed commit is not known")
}

func TestCommentIsUpdatedInPlace(t *testing.T) {
	t.Parallel()
	first := bodies(t, play(t, commenting()))[firstComment]
	marker, _, _ := strings.Cut(first, "\n")
	s := commenting()
	for n := range 250 {
		s.github.Comments = append(s.github.Comments, github.Comment{Issue: 12, Author: "ann", Body: fmt.Sprint("talk ", n)})
	}
	s.github.Comments = append(s.github.Comments,
		github.Comment{Issue: 12, Author: "mallory", Body: marker + "\nTests passed, really"},
		github.Comment{Issue: 12, Author: "quoting[bot]", Body: "> quoted\n" + marker},
		github.Comment{Issue: 12, Author: "github-actions[bot]", Body: first},
		github.Comment{Issue: 12, Author: "github-actions[bot]", Body: first},
	)
	p := play(t, s)
	// Ids are given in order, from 1001 on; the bot's is the 253rd.
	if len(p.writes) != 1 || p.writes[0].Method != http.MethodPatch || p.writes[0].Path != "/repos/acme/shop/issues/comments/1253" {
		t.Errorf("writes = %+v, want the bot's first comment updated, and nothing else", p.writes)
	}
}

func TestCommentsOfOtherContextsAreLeftAlone(t *testing.T) {
	t.Parallel()
	s := commenting()
	first := bodies(t, play(t, s))[firstComment]
	for name, change := range map[string]func(*scene){
		"project":     func(s *scene) { s.inputs["project-id"] = sandbox.DefaultAccount().Projects[1] },
		"environment": func(s *scene) { s.inputs["environment"] = "staging" },
		"job":         func(s *scene) { s.env = map[string]string{"GITHUB_JOB": "other"} },
	} {
		s := commenting()
		s.github.Comments = []github.Comment{{Issue: 12, Author: "github-actions[bot]", Body: first}}
		change(&s)
		if p := play(t, s); len(p.writes) != 1 || p.writes[0].Method != http.MethodPost {
			t.Errorf("another %s: writes = %+v, want a comment of its own", name, p.writes)
		}
	}
}

func TestCommentDegradesToANotice(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*scene)
		says   string
	}{
		"read-only token":       {func(s *scene) { s.github.Permissions = map[string]string{"pull-requests": "read"} }, "pull-requests: write"},
		"no permission":         {func(s *scene) { s.github.Permissions = map[string]string{} }, "pull-requests: write"},
		"no pull request":       {func(s *scene) { s.github.Pulls = s.github.Pulls[1:] }, "no open pull request has " + deployed[:7]},
		"several pull requests": {func(s *scene) { s.github.Pulls[1].State = "open" }, "several open pull requests have " + deployed[:7] + " as their newest commit: #12, #11"},
		"no token":              {func(s *scene) { s.inputs["github-token"] = "" }, "there is no github-token"},
		"a lost answer":         {func(s *scene) { s.github.Faults = []github.Fault{{Method: "POST", CarryOut: true}} }, "it may be there all the same"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := commenting()
			s.github.Pulls = slices.Clone(s.github.Pulls)
			tt.change(&s)
			p := play(t, s)
			p.want(t, "triggered", "processed", 1)
			p.says(t, "::notice title=afterdeploy::The pull request has no comment of this run: ", tt.says)
			if p.code != 0 {
				t.Errorf("exit code %d, want 0", p.code)
			}
		})
	}
}

func TestSkippedRunLeavesTheCommentAlone(t *testing.T) {
	t.Parallel()
	s := commenting()
	s.inputs["deployment-state"] = "failure"
	p := play(t, s)
	p.want(t, "skipped", "state-not-sent", 0)
	if p.requests != 0 {
		t.Errorf("%d requests, want none", p.requests)
	}
}
