// Package origin resolves where a run came from, a GitHub event or another
// CI's environment, into a [deploy.Deployment] with a reason for every field.
// It reads nothing itself and calls nobody: bytes and an environment function
// go in, a value comes out.
package origin

import "github.com/afterdeploy/afterdeploy/internal/deploy"

// Given is what the user said in so many words. A zero value is not given.
type Given struct {
	State       deploy.State
	Commit      deploy.Ref
	Branch      deploy.Ref
	Environment string
	URL         string
}

// Resolution is what a run is about, and why it is taken to be so.
type Resolution struct {
	Deployment deploy.Deployment
	// Reasons has an entry for each of [deploy.Fields]; that of an empty field
	// begins with "none: ".
	Reasons deploy.Reasons
	Context Context
	// Reported is set where the event passes on a service's report.
	Reported *Reported
	// Stop is set where the origin itself ends the run. An unknown state and a
	// deleted branch are skipped. A run without commit and branch is refused,
	// which matters only if its state would be sent at all.
	Stop *deploy.Ending
	// Notes are worth telling, Warnings are for a person to act on. Both may
	// quote text from the network.
	Notes, Warnings []string
}

// Context is what is known about the run apart from the deployment.
type Context struct {
	// CI is "github", "gitea", "forgejo", "gitlab", … or "" outside any.
	CI string
	// Event is what started the run, in the CI's word; Action is its activity
	// type, or the type of a repository_dispatch.
	Event, Action string
	// Sender made the event. Actor is whom the run's rights follow: it stays
	// the same when somebody else runs it again.
	Sender, Actor string

	// Branch is where the deployed commit comes from, though the commit be sent,
	// and though it be a fork's. Empty if it is not known.
	Branch string
	// Commit is the deployed commit; when a branch is sent, only if it is surely
	// that branch's. Empty also if it belongs to another repository.
	Commit        string
	DefaultBranch string

	// Fork tells that the commit comes from another repository, or from one
	// that is gone. Dependabot tells that the run has that bot's rights.
	Fork, Dependabot bool

	DeploymentID, StatusID int64

	RunID      string
	RunAttempt int
	RunURL     string
	// ServerURL and APIURL are those of the GitHub, GitHub Enterprise or Gitea
	// server that runs this; empty elsewhere.
	ServerURL, APIURL string
}

// Resolve answers what the run is about. What is given wins, then the event
// speaks, then the environment of the CI. The payload is the event file's
// content, and may be anything.
func Resolve(getenv func(string) string, payload []byte, given Given) Resolution {
	env := environ(getenv)
	if env.onGitHub() || len(payload) > 0 {
		return settle(fromEvent(env, payload), given)
	}
	return settle(env.service().findings(env), given)
}

// environ reads environment variables.
type environ func(string) string

// onGitHub includes Gitea, Forgejo and act, which speak GitHub's dialect.
func (env environ) onGitHub() bool {
	return env("GITHUB_ACTIONS") == "true" || env("GITHUB_EVENT_NAME") != ""
}

// claim reads a variable as a claim.
func (env environ) claim(name string) claim {
	if value := env(name); value != "" {
		return claim{from: name, value: value}
	}
	return claim{gap: name + " is not set"}
}

func (env environ) claims(names ...string) []claim {
	claims := make([]claim, 0, len(names))
	for _, name := range names {
		claims = append(claims, env.claim(name))
	}
	return claims
}
