package origin

import (
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// settle lets what is given win over what was found.
func settle(f findings, given Given) Resolution {
	r := Resolution{
		Reasons:  deploy.Reasons{},
		Context:  f.context,
		Reported: f.reported,
		Warnings: f.warnings,
	}
	r.settleState(f, given)
	r.settleRef(f, given)
	r.settleEnvironment(f, given)
	r.settleSite(f, given)
	r.Deployment.PullRequest, r.Reasons[deploy.FieldPullRequest] = f.pull.value, f.pull.reason
	r.Deployment.Repository, r.Reasons[deploy.FieldRepository] = f.repository.value, f.repository.reason
	r.settleStop(f)
	return r
}

func (r *Resolution) settleState(f findings, given Given) {
	r.Deployment.State, r.Reasons[deploy.FieldState] = f.state.value, f.state.reason
	if given.State != "" {
		r.Deployment.State, r.Reasons[deploy.FieldState] = given.State, "input deployment-state"
	}
}

// settleRef chooses commit or branch. One that is given stands alone: the
// event's other one may well be that of something else.
func (r *Resolution) settleRef(f findings, given Given) {
	switch {
	case !given.Commit.IsZero():
		r.giveCommit(f, given)
	case !given.Branch.IsZero():
		r.giveBranch(f, given)
	case !f.commit.value.IsZero():
		r.send(f.commit.value, f.commit.reason, none+"the commit is sent; "+branchKnown(f))
		r.Context.Commit = f.commit.value.Commit()
	default:
		r.send(f.branch.value, f.commit.reason, f.branch.reason)
	}
	if f.elsewhere {
		r.Context.Commit = ""
	}
}

func (r *Resolution) send(ref deploy.Ref, commitReason, branchReason string) {
	r.Deployment.Ref = ref
	r.Reasons[deploy.FieldCommit], r.Reasons[deploy.FieldBranch] = commitReason, branchReason
}

func branchKnown(f findings) string {
	if f.branch.value.IsZero() {
		return strings.TrimPrefix(f.branch.reason, none)
	}
	return fmt.Sprintf("it goes before branch %q from %s", f.branch.value.Branch(), f.branch.reason)
}

func (r *Resolution) giveCommit(f findings, given Given) {
	commit, found := given.Commit.Commit(), f.commit.value.Commit()
	r.send(given.Commit, "input commit-sha", none+"commit-sha is given")
	r.Context.Commit = commit
	if strings.HasPrefix(found, commit) {
		r.Context.Commit = found
	}
	if !given.Branch.IsZero() {
		r.Reasons[deploy.FieldBranch] = none + "commit-sha is given too, and goes first"
		r.Notes = append(r.Notes, fmt.Sprintf("Both commit-sha and branch are given, and the service takes one: commit %s is sent, branch %q is not.", commit, given.Branch.Branch()))
	}
	if found != "" && found != commit && commit == strings.ToLower(f.runCommit) {
		r.Warnings = append(r.Warnings, fmt.Sprintf("commit-sha is GITHUB_SHA (%s), which in a run for %s is not the deployed commit: %s says %s. Leave commit-sha out to send that.", commit, f.context.Event, f.commit.reason, found))
	}
}

func (r *Resolution) giveBranch(f findings, given Given) {
	branch, found := given.Branch.Branch(), f.branch.value.Branch()
	r.send(given.Branch, none+"branch is given", "input branch")
	r.Context.Branch = branch
	if branch == found && f.atTip {
		r.Context.Commit = f.commit.value.Commit()
	}
	if found != "" && found != branch && branch == f.runBranch {
		r.Warnings = append(r.Warnings, fmt.Sprintf("branch is GITHUB_REF_NAME (%q), which in a run for %s is not the deployed branch: %s says %q. Leave branch out to send the deployed commit.", branch, f.context.Event, f.branch.reason, found))
	}
}

func (r *Resolution) settleEnvironment(f findings, given Given) {
	d, name := &r.Deployment, f.environment.value
	d.EnvironmentName, r.Reasons[deploy.FieldEnvironmentName] = name, f.environment.reason
	switch {
	case given.Environment != "":
		d.Environment, r.Reasons[deploy.FieldEnvironment] = given.Environment, "input environment"
		if name == "" {
			d.EnvironmentName, r.Reasons[deploy.FieldEnvironmentName] = given.Environment, "input environment"
		}
	case name != "":
		d.Environment, r.Reasons[deploy.FieldEnvironment] = Reduce(name), reduced(f.environment)
	case f.preview != "":
		d.Environment, r.Reasons[deploy.FieldEnvironment] = "preview", f.preview
	default:
		r.Reasons[deploy.FieldEnvironment] = f.environment.reason + "; left out, which the service takes for production"
	}
}

func reduced(name field[string]) string {
	short := Reduce(name.value)
	switch {
	case short == name.value:
		return name.reason
	case strings.EqualFold(short, name.value):
		return fmt.Sprintf("%s %q, in lower case", name.reason, name.value)
	}
	return fmt.Sprintf("%s %q, which says %s", name.reason, name.value, short)
}

func (r *Resolution) settleSite(f findings, given Given) {
	r.Deployment.URL, r.Reasons[deploy.FieldURL] = f.site.value, f.site.reason
	if given.URL != "" {
		r.Deployment.URL, r.Reasons[deploy.FieldURL] = given.URL, "input environment-url"
	}
}

// settleStop ends the run where there is nothing that could be sent: first if
// the event says so itself, then without a state, then without a commit and a
// branch.
func (r *Resolution) settleStop(f findings) {
	missing := r.Deployment.Ref.IsZero()
	switch {
	case f.stop != nil && missing:
		r.Stop = f.stop
	case r.Deployment.State == "":
		told := strings.TrimPrefix(r.Reasons[deploy.FieldState], none)
		r.stop(deploy.ReasonUnknownState, "The state of the deployment is not known: "+told+".")
		r.Warnings = append(r.Warnings, "Nothing is sent, since the state of the deployment is not known: "+told+". If you know what it means, give deployment-state.")
	case missing:
		r.stop(deploy.ReasonNoRef, "Nothing names a deployed commit or branch. Commit: "+
			strings.TrimPrefix(r.Reasons[deploy.FieldCommit], none)+". Branch: "+
			strings.TrimPrefix(r.Reasons[deploy.FieldBranch], none)+".")
	}
}

func (r *Resolution) stop(reason deploy.Reason, sentence string) {
	ending := deploy.End(reason, sentence)
	r.Stop = &ending
}
