package origin

import (
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// This file has the events that are about code and not about a deployment of
// it: that the workflow came to this step tells that the deployment went well.

func (e event) push(f *findings) {
	after, ref := e.body.at("after").text(), e.body.at("ref").text()
	if e.body.at("deleted").isTrue() || after.gap == "" && strings.Trim(after.value, "0") == "" {
		f.stop = gone(fmt.Sprintf("The push deleted %q.", ref.value))
		return
	}
	f.commit = first(deploy.ParseCommit, after, e.env.claim("GITHUB_SHA"))
	f.setBranch(ref, e.env.claim("GITHUB_REF"))
	f.atTip = true
}

// ownCommit reads the events whose commit is the run's own: GitHub sets it to
// the tip of the chosen branch, of the default branch, or of the released tag.
// The target_commitish of a release is no such thing, it is a wish.
func (e event) ownCommit(f *findings) {
	f.commit = first(deploy.ParseCommit, e.env.claim("GITHUB_SHA"))
	f.setBranch(e.env.claim("GITHUB_REF"))
	f.atTip = true
}

func (e event) create(f *findings) {
	f.commit = first(deploy.ParseCommit, e.env.claim("GITHUB_SHA"))
	ref := e.body.at("ref").text()
	if e.body.at("ref_type").text().value == "tag" {
		ref = ref.unless("a tag")
	}
	f.setBranch(ref)
	f.atTip = true
}

func (e event) remove(f *findings) {
	f.stop = gone(fmt.Sprintf("The %s %q was deleted.", e.body.at("ref_type").text().value, e.body.at("ref").text().value))
}

// pullRequest reads every pull_request… event. GITHUB_SHA and GITHUB_REF are
// those of the merge result or of the base branch there: never the head's.
func (e event) pullRequest(f *findings) {
	pull := e.body.at("pull_request")
	f.commit = first(deploy.ParseCommit, pull.at("head.sha").text())
	f.setBranch(pull.at("head.ref").text())
	f.pull = first(pullNumber, pull.at("number").number(), e.body.at("number").number())
	f.preview = "a pull request is previewed"
	f.atTip = true
	if e.isFork(pull.at("head.repo")) {
		f.foreign()
	}
}

// isFork compares the repository of a commit with the run's. GitHub gives null
// for a repository that is gone.
func (e event) isFork(head node) bool {
	if !head.there {
		return false
	}
	name := head.at("full_name").text().value
	own := e.body.at("repository.full_name").text().value
	if own == "" {
		own = e.env("GITHUB_REPOSITORY")
	}
	return !strings.EqualFold(name, own)
}

func (e event) mergeGroup(f *findings) {
	group := e.body.at("merge_group")
	f.commit = first(deploy.ParseCommit, group.at("head_sha").text(), e.env.claim("GITHUB_SHA"))
	f.setBranch(group.at("head_ref").text(), e.env.claim("GITHUB_REF"))
	f.preview = "a merge group is previewed"
	f.atTip = true
	if number := deploy.PullRequestOfQueue(f.branch.value.Branch()); number != 0 {
		f.pull = field[int]{number, "the merge queue's branch name, from " + f.branch.reason}
	}
}

func (e event) issueComment(f *findings) {
	issue := e.body.at("issue")
	if !issue.at("pull_request").isObject() && !e.body.at("is_pull").isTrue() { // the latter is Gitea's
		e.unrelated(f)
		return
	}
	f.pull = first(pullNumber, issue.at("number").number())
	f.preview = "a pull request is previewed"
	f.stop = refused("A comment on a pull request does not say which commit is deployed.",
		"Look up the pull request's head in an earlier step (GET /repos/{owner}/{repo}/pulls/{number}), and give its head.sha as commit-sha.")
}

// unrelated reads the events that are about neither code nor deployment.
func (e event) unrelated(f *findings) {
	if !e.knownUnrelated() {
		f.state = first(deploy.ParseState, nothing(e.described()+" is not known here, and may tell of a failure"))
	}
	f.stop = refused("No deployed commit or branch is named by "+e.described()+".", "Give commit-sha or branch.")
}

// knownUnrelated lists the documented triggers that tell of no deployment.
func (e event) knownUnrelated() bool {
	switch e.name {
	case "branch_protection_rule", "discussion", "discussion_comment", "fork", "gollum", "image_version",
		"issue_comment", "issues", "label", "milestone", "public", "registry_package", "watch":
		return true
	}
	return false
}
