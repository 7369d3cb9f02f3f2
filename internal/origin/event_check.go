package origin

import (
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// This file has the events that tell of work done on a commit. The run's own
// commit is the tip of the default branch then, and never what was deployed.

func (e event) workflowRun(f *findings) {
	run := e.body.at("workflow_run")
	f.state = e.concluded(run)
	f.commit = first(deploy.ParseCommit, run.at("head_sha").text())
	f.setBranch(run.at("head_branch").text())
	f.pull = e.onlyPull(run.at("pull_requests"))
	switch started := run.at("event").text().value; {
	case strings.HasPrefix(started, "pull_request"):
		f.preview = "the workflow ran for a pull request"
	case started == "merge_group":
		f.preview = "the workflow ran for a merge group"
	}
	f.context.Dependabot = run.at("actor.login").text().value == dependabot
	if e.isFork(run.at("head_repository")) {
		f.foreign()
	}
}

// check reads check_run and check_suite.
func (e event) check(f *findings) {
	check := e.body.at(e.name)
	suite := check
	if e.name == "check_run" {
		suite = check.at("check_suite")
	}
	f.state = e.concluded(check)
	f.commit = first(deploy.ParseCommit, check.at("head_sha").text())
	f.setBranch(suite.at("head_branch").text())
	f.pull = e.onlyPull(check.at("pull_requests"))
	switch {
	case suite.at("head_branch").isNull():
		f.preview = "the commit is on no branch of this repository, as in a fork's pull request"
	case len(e.ownPulls(check.at("pull_requests"))) > 0 && f.context.Branch != e.defaultBranch():
		f.preview = "the commit belongs to a pull request"
	}
}

// concluded reads the conclusion of what is completed. A check that is asked
// for again still carries its old one.
func (e event) concluded(work node) field[deploy.State] {
	action := e.body.at("action").text().value
	again := action == "requested" || action == "rerequested" || action == "in_progress"
	if action == "completed" || !again && work.at("status").value == "completed" {
		return state(deploy.ParseState, work.at("conclusion").text())
	}
	return field[deploy.State]{deploy.InProgress, work.path + " is not completed"}
}

// ownPulls leaves out the pull requests of other repositories of the fork
// network, which GitHub lists too.
func (e event) ownPulls(list node) []node {
	own := e.body.at("repository.id").id()
	var pulls []node
	for _, pull := range list.items() {
		if base := pull.at("base.repo.id").id(); base == 0 || own == 0 || base == own {
			pulls = append(pulls, pull)
		}
	}
	return pulls
}

// onlyPull takes the number if there is exactly one pull request.
func (e event) onlyPull(list node) field[int] {
	switch pulls := e.ownPulls(list); len(pulls) {
	case 0:
		return first(pullNumber, nothing(list.path+" names none"))
	case 1:
		return first(pullNumber, pulls[0].at("number").number())
	}
	return first(pullNumber, nothing(list.path+" names several"))
}

// status reads a commit status, by which Netlify tells of its deployments:
// context "netlify/shop/deploy-preview", target_url the site.
func (e event) status(f *findings) {
	f.state = state(deploy.ParseState, e.body.at("state").text())
	f.commit = first(deploy.ParseCommit, e.body.at("sha").text())
	f.site = first(site, page(e.body.at("target_url").text(), e.env("GITHUB_SERVER_URL")))
	switch branches := e.body.at("branches").items(); len(branches) {
	case 1:
		f.setBranch(branches[0].at("name").text())
	case 0:
		f.setBranch(nothing("branches is empty"))
	default:
		f.setBranch(nothing("branches has several"))
	}
	if context := e.body.at("context").text(); strings.HasSuffix(context.value, "deploy-preview") {
		f.preview = "context " + context.value
	}
}
