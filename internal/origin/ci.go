package origin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// service names the variables in which a CI service tells what it runs.
type service struct {
	name string
	// mark is set on this service only: a name, or name=value. One of several
	// will do.
	mark []string

	commit, branch []string
	// tag is set when a tag is built; the branch variables may hold it then.
	tag string

	// pull is set when a pull request is built; pullCommit and pullBranch are
	// its head, where commit and branch may be the merge result and the base.
	pull, pullCommit, pullBranch []string
	// head and base are repositories: they differ for a fork. fork is set for
	// forks only.
	head, base, fork string

	environment, site, clone string

	// status holds a word, and good (name=value) another value, once the job
	// has failed: in the steps that run all the same.
	status, good string

	event, actor, defaultBranch, runID, runURL string
}

// CI names what runs this: "github", "gitea", "forgejo", "gitlab", … or ""
// outside any.
func CI(getenv func(string) string) string {
	if env := environ(getenv); !env.onGitHub() {
		return env.service().name
	}
	return environ(getenv).dialect()
}

// service is the CI that the environment is one of; it has no name on a laptop.
func (env environ) service() service {
	for _, s := range services() {
		if s.runs(env) {
			return s
		}
	}
	return service{}
}

func (s service) runs(env environ) bool {
	return slices.ContainsFunc(s.mark, func(mark string) bool {
		name, value, exact := strings.Cut(mark, "=")
		return env(name) != "" && (!exact || env(name) == value)
	})
}

func (s service) findings(env environ) findings {
	isPull := s.isPull(env)
	f := findings{
		state:       s.state(env),
		commit:      first(deploy.ParseCommit, s.commits(env, isPull)...),
		environment: first(text, s.claims(env, "environment", s.environment)...),
		site:        first(site, s.claims(env, "URL", s.site)...),
		pull:        first(pullNumber, s.claims(env, "pull request", s.pull...)...),
		repository:  first(onGitHubDotCom, s.claims(env, "repository on GitHub", s.clone)...),
		atTip:       true,
	}
	f.setBranch(s.branches(env, isPull)...)
	f.context.CI = s.name
	f.context.Event = env(s.event)
	f.context.Actor = env(s.actor)
	f.context.DefaultBranch = env(s.defaultBranch)
	f.context.RunID = env(s.runID)
	f.context.RunURL = env(s.runURL)
	if isPull {
		f.preview = "a pull request is previewed"
	}
	if s.isFork(env) {
		f.foreign()
	}
	return f
}

// claims reads variables, or tells that the service has none for it.
func (s service) claims(env environ, what string, names ...string) []claim {
	claims := env.claims(names...)
	if len(names) == 0 || names[0] == "" {
		return []claim{nothing(s.described() + " names no " + what)}
	}
	return claims
}

func (s service) described() string {
	if s.name == "" {
		return "a run outside a known CI"
	}
	return s.name
}

// state takes a step that runs for one that was reached, unless the service
// says that the job has failed before.
func (s service) state(env environ) field[deploy.State] {
	if name, good, ok := strings.Cut(s.good, "="); ok && env(name) != "" && env(name) != good {
		return field[deploy.State]{deploy.Error, fmt.Sprintf("%s %q", name, env(name))}
	}
	if s.status != "" {
		told := state(deploy.ParseState, env.claim(s.status))
		if told.value == deploy.Error || told.value == deploy.Cancelled {
			return told
		}
	}
	return reached(s.described())
}

func (s service) isPull(env environ) bool {
	for _, name := range s.pull {
		if _, err := pullNumber(env(name)); err == nil {
			return true
		}
	}
	return false
}

func (s service) commits(env environ, isPull bool) []claim {
	if !isPull {
		return s.claims(env, "commit", s.commit...)
	}
	claims := s.claims(env, "commit of a pull request's head", s.pullCommit...)
	if s.name == "gitlab" && !mergedResult(env("CI_MERGE_REQUEST_EVENT_TYPE")) {
		claims = append(claims, env.claim("CI_COMMIT_SHA"))
	}
	return claims
}

// mergedResult tells the GitLab pipelines whose CI_COMMIT_SHA is the result of
// a merge. In the others it is the head, and the variable of its own is empty.
func mergedResult(kind string) bool { return kind == "merged_result" || kind == "merge_train" }

func (s service) branches(env environ, isPull bool) []claim {
	switch {
	case isPull:
		return s.claims(env, "branch of a pull request's head", s.pullBranch...)
	case s.tag != "" && env(s.tag) != "":
		return []claim{nothing(s.tag + " is set: a tag is built")}
	}
	claims := s.claims(env, "branch", s.branch...)
	for i := range claims {
		if claims[i].from == "GIT_BRANCH" { // Jenkins puts the remote before it
			claims[i].value = strings.TrimPrefix(claims[i].value, "origin/")
		}
	}
	return claims
}

func (s service) isFork(env environ) bool {
	if s.fork != "" {
		is, err := strconv.ParseBool(env(s.fork))
		return env(s.fork) != "" && (err != nil || is)
	}
	head, base := lastTwo(env(s.head)), lastTwo(env(s.base))
	return head != "" && base != "" && !strings.EqualFold(head, base)
}

// lastTwo makes repositories comparable that are told by name or by an address
// of any form: "owner/name".
func lastTwo(address string) string {
	parts := strings.FieldsFunc(strings.TrimSuffix(address, ".git"), func(r rune) bool { return r == '/' || r == ':' })
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}
