package origin

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// event is what started a run of GitHub Actions, or of one that speaks its
// dialect.
type event struct {
	name string
	env  environ
	body node
}

// fromEvent finds what the event tells.
func fromEvent(env environ, payload []byte) findings {
	e := event{name: env("GITHUB_EVENT_NAME"), env: env}
	body, err := parse(payload)
	e.body = body
	f := e.findings()
	f.runCommit, f.runBranch = env("GITHUB_SHA"), env("GITHUB_REF_NAME")
	f.repository = first(repositoryName, e.body.at("repository.full_name").text(), env.claim("GITHUB_REPOSITORY"))
	e.describe(&f)
	if err != nil {
		f.warnings = append(f.warnings, fmt.Sprintf("The event (GITHUB_EVENT_PATH) cannot be used: %v. Only the environment tells what it is about.", err))
	}
	return f
}

// findings asks the reader of the event. What an event leaves open has a
// reason too.
func (e event) findings() findings {
	f := findings{
		state:       reached(e.described()),
		commit:      first(deploy.ParseCommit, nothing(e.described()+" has no deployed commit")),
		branch:      first(deploy.ParseBranch, nothing(e.described()+" has no deployed branch")),
		environment: first(text, nothing(e.described()+" names no environment")),
		site:        first(site, nothing(e.described()+" names no URL")),
		pull:        first(pullNumber, nothing(e.described()+" names no pull request")),
	}
	switch e.name {
	case "deployment_status":
		e.deploymentStatus(&f)
	case "deployment":
		e.deployment(&f)
	case "repository_dispatch":
		e.repositoryDispatch(&f)
	case "push":
		e.push(&f)
	case "create":
		e.create(&f)
	case "delete":
		e.remove(&f)
	case "workflow_dispatch", "schedule", "release":
		e.ownCommit(&f)
	case "merge_group":
		e.mergeGroup(&f)
	case "workflow_run":
		e.workflowRun(&f)
	case "check_run", "check_suite":
		e.check(&f)
	case "status":
		e.status(&f)
	default:
		e.other(&f)
	}
	return f
}

func (e event) other(f *findings) {
	switch {
	case strings.HasPrefix(e.name, "pull_request"):
		e.pullRequest(f)
	case e.name == "issue_comment":
		e.issueComment(f)
	default:
		e.unrelated(f)
	}
}

// described names the event for people.
func (e event) described() string {
	if e.name == "" {
		return "an event without a name"
	}
	return "the event " + e.name
}

// describe fills in what is known about the run itself.
func (e event) describe(f *findings) {
	c := &f.context
	c.CI = e.env.dialect()
	c.Event = e.name
	c.Action = e.body.at("action").text().value
	c.Sender = e.body.at("sender.login").text().value
	c.Actor = e.env("GITHUB_ACTOR")
	c.DefaultBranch = e.defaultBranch()
	c.Dependabot = c.Dependabot || c.Sender == dependabot || c.Actor == dependabot ||
		e.body.at("pull_request.user.login").text().value == dependabot
	c.ServerURL, c.APIURL = e.env("GITHUB_SERVER_URL"), e.env("GITHUB_API_URL")
	c.RunID = e.env("GITHUB_RUN_ID")
	c.RunAttempt, _ = strconv.Atoi(e.env("GITHUB_RUN_ATTEMPT"))
	if repository := e.env("GITHUB_REPOSITORY"); c.ServerURL != "" && repository != "" && c.RunID != "" {
		c.RunURL = c.ServerURL + "/" + repository + "/actions/runs/" + c.RunID
	}
}

func (e event) defaultBranch() string { return e.body.at("repository.default_branch").text().value }

const dependabot = "dependabot[bot]"

// dialect tells apart those who speak GitHub's. Forgejo's runner sets Gitea's
// variable, too (code.forgejo.org/forgejo/runner, internal/app/run).
func (env environ) dialect() string {
	switch {
	case env("FORGEJO_ACTIONS") == "true":
		return "forgejo"
	case env("GITEA_ACTIONS") == "true":
		return "gitea"
	}
	return "github"
}
