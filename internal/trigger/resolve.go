package trigger

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/input"
	"github.com/afterdeploy/afterdeploy/internal/origin"
)

// resolve finds out what was deployed, and why it is thought so.
func (r *run) resolve(context.Context) *deploy.Ending {
	var payload []byte
	if path := r.Getenv("GITHUB_EVENT_PATH"); path != "" {
		payload, _ = r.ReadFile(path) // origin says what it means that there is nothing
	}
	r.res = origin.Resolve(r.Getenv, payload, r.given())
	if r.in.DryRun && r.res.Reported != nil {
		return r.reported(*r.res.Reported)
	}
	r.notes = append(r.notes, r.res.Notes...)
	r.warnings = append(r.warnings, r.res.Warnings...)
	return nil
}

// given is what the workflow says itself.
func (r *run) given() origin.Given {
	return origin.Given{
		State: r.in.State, Commit: r.in.Commit, Branch: r.in.Branch,
		Environment: r.in.Environment, URL: r.in.EnvironmentURL,
	}
}

// decide says whether there is something to test here, and whether all is
// there that the call needs.
func (r *run) decide(context.Context) *deploy.Ending {
	if end := r.skip(); end != nil {
		return end
	}
	r.project, r.projectReason = r.findProject()
	if r.project == "" && len(r.in.Projects) > 0 && !r.findsEnvironment() {
		return ending(deploy.ReasonNoProject, "")
	}
	if end := r.withoutKey(); end != nil {
		return end
	}
	return r.incomplete()
}

// skip finds a reason to test nothing here.
func (r *run) skip() *deploy.Ending {
	d, c := r.res.Deployment, r.res.Context
	switch {
	case r.res.Stop != nil && (r.res.Stop.Outcome == deploy.Skipped || d.State == ""):
		return r.res.Stop
	case r.in.SkipBotBranches && ofBot(c):
		return ending(deploy.ReasonBotBranch, fmt.Sprintf("The event is about branch %q, sent by %q: the test service's own work.", c.Branch, c.Sender))
	case !slices.Contains(r.in.SendStates, d.State):
		return ending(deploy.ReasonStateNotSent, fmt.Sprintf("The deployment's state is %s, and only %s is sent.", d.State, states(r.in.SendStates)))
	case len(r.in.Environments) > 0 && !r.findsEnvironment() && !deploy.MatchAny(r.in.Environments, d.EnvironmentName) && !deploy.MatchAny(r.in.Environments, d.Environment):
		return ending(deploy.ReasonEnvironmentNotListed, fmt.Sprintf("The environment %q matches no pattern of the environments input (%s).", d.EnvironmentName, patterns(r.in.Environments)))
	}
	return nil
}

// The names under which the service's App works on a repository.
const (
	botLogin    = "bugster-dev[bot]"
	botBranches = "bugster/tests/"
)

func ofBot(c origin.Context) bool {
	return c.Sender == botLogin || strings.HasPrefix(c.Branch, botBranches)
}

// findProject takes the first pattern that matches the environment, else
// project-id, else what the repository says.
func (r *run) findProject() (id, reason string) {
	for _, p := range r.in.Projects {
		if p.Environment.Match(r.res.Deployment.EnvironmentName) || p.Environment.Match(r.res.Deployment.Environment) {
			return p.ID, "input projects, " + p.Environment.String()
		}
	}
	if r.in.ProjectID != "" {
		return r.in.ProjectID, "input project-id"
	}
	config, err := r.ReadFile(filepath.Join(r.Getenv("GITHUB_WORKSPACE"), ".bugster", "config.yaml"))
	if err != nil {
		return "", "" // most repositories name the project in an input
	}
	if id, err = bugster.ProjectID(config); err != nil {
		r.warn(err.Error())
	}
	return id, ".bugster/config.yaml"
}

// withoutKey skips a run that has no key and need not have one.
func (r *run) withoutKey() *deploy.Ending {
	c := r.res.Context
	expected := r.in.OnMissingKey == input.MissingKeyAuto && (c.Fork || c.Dependabot)
	if !r.in.APIKey.IsZero() || !expected && r.in.OnMissingKey != input.MissingKeySkip {
		return nil
	}
	who := "on-missing-key is skip, and there is no API key."
	switch {
	case c.Dependabot:
		who = "There is no API key: GitHub gives Dependabot's runs none of the repository's secrets."
	case c.Fork:
		who = "There is no API key: runs of a fork's pull request get no secrets."
	}
	return ending(deploy.ReasonNoKey, who)
}

// incomplete names everything at once that is missing for the call.
func (r *run) incomplete() *deploy.Ending {
	d := r.res.Deployment
	var missing []string
	reason := deploy.ReasonInvalidInput
	lack := func(why deploy.Reason, what string) {
		if len(missing) == 0 {
			reason = why
		}
		missing = append(missing, what)
	}
	if r.in.APIKey.IsZero() {
		lack(deploy.ReasonKeyMissing, "the input \"api-key\" is empty")
	}
	if r.res.Stop != nil {
		lack(r.res.Stop.Reason, strings.TrimSuffix(r.res.Stop.Sentence, ".")+": "+strings.TrimSuffix(r.res.Stop.Next, "."))
	}
	if d.URL == "" && d.State == deploy.Success && !r.finds() {
		lack(deploy.ReasonNoURL, "no URL of the deployed application is known: want environment-url ("+strings.TrimPrefix(r.res.Reasons[deploy.FieldURL], "none: ")+")")
	}
	if r.project == "" && !(r.findsEnvironment() && len(r.in.Projects) > 0) {
		lack(deploy.ReasonInvalidInput, "no project is known: want project-id, or project_id in .bugster/config.yaml of a checked-out repository")
	}
	if r.in.OrganizationID == "" {
		lack(deploy.ReasonInvalidInput, "no organization is known: want organization-id (Bugster: Settings > Organization)")
	}
	if err := r.checkURL(d.URL); err != nil {
		lack(deploy.ReasonInvalidInput, err.Error())
	}
	if name := r.res.Context.CI; (name == "gitea" || name == "forgejo") && r.readsGitHub() {
		lack(deploy.ReasonInvalidInput, "find-deployment, find-status and wait-for-result read GitHub's deployments, statuses and checks, and a server of "+name+" has another API: want environment-url, and none of these")
	}
	if len(missing) == 0 {
		return nil
	}
	return wrong(reason, missing)
}

// readsGitHub reports whether the run was asked to wait for what GitHub's API
// tells.
func (r *run) readsGitHub() bool {
	return r.in.FindDeployment || r.in.FindStatus != nil || r.in.WaitForResult
}

// checkURL refuses an application that the service cannot reach.
func (r *run) checkURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("the application's URL %q cannot be read", address)
	}
	api, err := url.Parse(r.endpoint)
	if err != nil {
		return fmt.Errorf("the service's URL cannot be read")
	}
	if bugster.IsLoopback(u.Hostname()) && !bugster.IsLoopback(api.Hostname()) {
		return fmt.Errorf("the application's URL %q is this machine's own, which the service cannot reach: want the public URL, or one of a tunnel to this machine", address)
	}
	if u.Scheme == "http" && !bugster.IsLoopback(u.Hostname()) {
		r.warn(fmt.Sprintf("The application's URL %s is not encrypted (http).", address))
	}
	return nil
}

// dryRun ends a run that is to send nothing.
func (r *run) dryRun(context.Context) *deploy.Ending {
	if r.res.Deployment.Environment == "" {
		r.notes = append(r.notes, "No environment is known, so none is sent, and the service will take it for production. Give environment to say another.")
	}
	r.correlation = correlation(r.Getenv, r.event())
	if !r.in.DryRun {
		return nil
	}
	return ending(deploy.ReasonDryRun, "")
}

func ending(reason deploy.Reason, sentence string) *deploy.Ending {
	end := deploy.End(reason, sentence)
	return &end
}

func states(list []deploy.State) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

func patterns(list []deploy.Glob) string {
	words := make([]string, len(list))
	for i, g := range list {
		words[i] = g.String()
	}
	return strings.Join(words, ", ")
}
