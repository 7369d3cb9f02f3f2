// Package input declares every input of the action, once: its name, its
// aliases, where else it may come from and what it means. It parses them all
// and reports all mistakes together. What the values lead to is for others.
package input

import "strings"

// Spec declares one input.
type Spec struct {
	// Name is the canonical, kebab-case name, in action.yml and as a flag.
	Name string
	// Topic is what it is about, with its neighbours in the table.
	Topic string
	// Text describes the input, with its default, for action.yml, the docs
	// and the command line's help.
	Text string
	// Env is the environment variable that may hold it outside GitHub.
	Env string
	// Aliases are other names under which it is taken, kept for users of the
	// vendor's own action.
	Aliases []Alias
	// ActionDefault is the default in action.yml. Only github-token has one:
	// the runner cannot tell a default from a value, so all other defaults
	// are applied here.
	ActionDefault string
	// Secret keeps the input out of the command line's flags.
	Secret bool
	// Switch marks an input that is true or false, so that the flag alone
	// means true.
	Switch bool
}

// Alias is an older name of an input.
type Alias struct {
	Name string
	// Unit is appended to the alias's value ("s" for timeout_seconds).
	Unit string
}

// Table lists every input in the order in which people read them.
func Table() []Spec {
	specs := []Spec{
		{Name: "api-key", Topic: "Account and project", Env: "BUGSTER_API_KEY", Secret: true, Aliases: []Alias{{Name: "bugster_api_key"}},
			Text: "Bugster API key (Settings > API Keys). Give it as a secret."},
		{Name: "project-id", Env: "BUGSTER_PROJECT_ID", Aliases: []Alias{{Name: "project_id"}},
			Text: "Bugster project (Project Settings > General). Default: project_id in .bugster/config.yaml of the checked-out repository."},
		{Name: "organization-id", Env: "BUGSTER_ORGANIZATION_ID", Aliases: []Alias{{Name: "organization_id"}},
			Text: "Bugster organization (Settings > Organization), such as org_abc123."},
		{Name: "environment-url", Topic: "What was deployed", Aliases: []Alias{{Name: "environment_url"}},
			Text: "URL of the deployed application; it has to be reachable by the service. Default: the event's."},
		{Name: "environment",
			Text: "Name of the environment, such as production, staging or preview. Default: the event's; preview on pull requests and merge groups."},
		{Name: "deployment-state", Aliases: []Alias{{Name: "deployment_state"}},
			Text: "State of the deployment: success, failure (error, failed), cancelled (inactive, skipped) or in_progress (queued, pending, waiting). Default: the event's; success where the event describes no deployment, since the step was reached."},
		{Name: "commit-sha", Aliases: []Alias{{Name: "commit_sha"}},
			Text: "Commit that was deployed, 7 to 64 hexadecimal digits. Quote it. Default: the event's, never a pull request's merge commit."},
		{Name: "branch",
			Text: "Branch that was deployed, sent instead of a commit. Where both are given, the commit is sent. Default: none; the event's where it names no commit."},
		{Name: "api-url", Topic: "What is sent, and when", Env: "BUGSTER_API_URL", Aliases: []Alias{{Name: "api_base_url"}, {Name: "api_base"}},
			Text: "Base URL of the service; /webhooks/integrations/custom is joined unless it ends in that already. https only, http for a loopback host. Default: https://api.bugster.app."},
		{Name: "timeout", Aliases: []Alias{{Name: "timeout_seconds", Unit: "s"}},
			Text: "Time for everything the run does, as a duration such as 90s or 10m. Default: 5m; 15m when it waits for a URL or a deployment; 60m when it waits for a result."},
		{Name: "environments",
			Text: "Environments to test, one pattern a line or separated by commas; * matches anything, case and kind of dash make no difference. Others are skipped. Default: all."},
		{Name: "send-states",
			Text: "States to send, separated by commas; the service runs tests on success only. Deployments in other states are skipped. Default: success."},
		{Name: "projects",
			Text: "For a monorepo: lines of the form pattern: project-id. The first pattern that matches the environment's name chooses the project; where none does, project-id is taken, and without that the run is skipped. Default: none."},
		{Name: "retry-ambiguous",
			Text: "Whether to send again after a failure that may have started tests (a lost answer, 500, 502, 503, 504): once or never. Default: once."},
		{Name: "on-missing-key",
			Text: "What to do without an API key: auto (skip on runs of forks and of Dependabot, else fail), skip or fail. Default: auto."},
		{Name: "skip-bot-branches", Switch: true,
			Text: "Skip branches bugster/tests/** and events sent by bugster-dev[bot], which would go in a circle. Default: true."},
		{Name: "fail-on",
			Text: "Outcomes that make the step red, separated by commas; invalid always does. Default: failed, rejected, unreachable, unknown, not-ready, timed-out, cancelled."},
		{Name: "ca-cert",
			Text: "Certificates to trust beside the system's: PEM text, or the path of a PEM file. Default: none."},
		{Name: "github-token", Env: "GITHUB_TOKEN", Secret: true, ActionDefault: "${{ github.token }}",
			Text: "Token for GitHub's API, for the inputs that need it. Default: the workflow's own."},
		{Name: "once", Topic: "Waiting for the deployment", Switch: true,
			Text: "On deployment_status: skip a success that the deployment already had with the same URL; hosts repeat statuses. A re-run of the workflow run tests again. Needs deployments: read. Default: true."},
		{Name: "find-deployment", Switch: true,
			Text: "Look for the commit's deployment through GitHub's API, and wait until it is live. Needs deployments: read. Default: false."},
		{Name: "find-status",
			Text: "For hosts that report commit statuses instead of deployments (Netlify): a pattern for the status's context, whose target URL is taken once it is a success. Needs statuses: read. Default: none."},
		{Name: "wait-for-url",
			Text: "Wait until the deployed application answers: true, or a path such as /healthz. Default: false."},
		{Name: "expect-status",
			Text: "Statuses that count as an answer, such as 200, 2xx or 200-399, separated by commas. Default: 2xx."},
		{Name: "ready-checks",
			Text: "How many good answers in a row are wanted, 1 to 20. Default: 2."},
		{Name: "request-headers", Secret: true,
			Text: "Headers for the application, lines of the form Name: value, such as a protection's bypass secret. They go to the application's own origin only, by https only, and for a URL that came from an event only to hosts in allowed-hosts. Default: none."},
		{Name: "allowed-hosts",
			Text: "Hosts that request-headers may go to where the URL came from an event, one pattern a line or separated by commas. Default: none."},
		{Name: "expect-version",
			Text: "Version that the application has to show before it is ready: commit, a text, or a /regular expression/. Default: none."},
		{Name: "version-url",
			Text: "Where the application shows its version: a path or a URL. Default: the URL that wait-for-url asks."},
		{Name: "version-from",
			Text: "Where in that answer the version stands: body, header:NAME or json:PATH such as json:git.sha. Default: body."},
		{Name: "wait-for-result", Topic: "Waiting for the result", Switch: true,
			Text: "Wait for the tests' result on the commit, and fail when they fail. Needs checks: read and statuses: read. Default: false."},
		{Name: "result-app",
			Text: "Slug of the GitHub App whose check runs and statuses are the result; * for any. Default: bugster-dev."},
		{Name: "result-name",
			Text: "Pattern for the names of check runs and the contexts of statuses that are the result. Default: *."},
		{Name: "result-settle",
			Text: "How long no further result may appear before the results count as complete. Default: 30s."},
		{Name: "result-appear",
			Text: "How long to wait for the first result. Default: 10m."},
		{Name: "comment", Topic: "What is told, and where", Switch: true,
			Text: "Keep one comment on the pull request up to date with the outcome. Needs pull-requests: write. Default: false."},
		{Name: "commit-status",
			Text: "Context of a commit status to set from pending to the outcome; only with wait-for-result. Needs statuses: write. Default: none."},
		{Name: "dry-run", Switch: true,
			Text: "Resolve everything, show what would be sent, send nothing. On a repository_dispatch of afterdeploy-relay, only tell what was reported, which needs no key. Default: false."},
		{Name: "summary", Switch: true,
			Text: "Write a step summary. Default: true."},
		{Name: "output-file",
			Text: "File to write the outputs to, for CIs that take files; later steps read it. Default: none."},
		{Name: "output-format",
			Text: "Format of output-file: json; dotenv, for GitLab's reports; or shell, to be read with a dot. Default: by the end of its name, .json, .env or .sh."},
	}
	for i, s := range specs {
		if s.Topic == "" {
			specs[i].Topic = specs[i-1].Topic
		}
		if s.Env == "" {
			specs[i].Env = "AFTERDEPLOY_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
		}
	}
	return specs
}

// Deprecation is the message that action.yml gives for an alias.
func (s Spec) Deprecation(a Alias) string {
	if a.Unit == "s" {
		return "Use " + s.Name + ", with a unit (60s), instead of " + a.Name + "."
	}
	return "Use " + s.Name + " instead of " + a.Name + "."
}
