package input

import (
	"errors"
	"fmt"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Inputs are all inputs, parsed. Values that other rooms know better (headers,
// versions, the API's URL) are left as text for them.
type Inputs struct {
	APIKey         secret.String
	ProjectID      string
	OrganizationID string

	EnvironmentURL string // absolute, http or https
	Environment    string
	State          deploy.State // zero where not given
	Commit, Branch deploy.Ref   // zero where not given

	APIURL          string // "" for the service's own
	Timeout         time.Duration
	Environments    []deploy.Glob
	SendStates      []deploy.State
	Projects        []Project
	RetryAmbiguous  bool
	OnMissingKey    MissingKey
	SkipBotBranches bool
	FailOn          []deploy.Outcome
	CACert          string // PEM, or a path
	GitHubToken     secret.String

	Once           bool
	FindDeployment bool
	FindStatus     *deploy.Glob

	WaitForURL     bool
	WaitForPath    string // "" for the URL itself
	ExpectStatus   string
	ReadyChecks    int
	RequestHeaders secret.String
	AllowedHosts   []deploy.Glob
	ExpectVersion  string
	VersionURL     string
	VersionFrom    string

	WaitForResult bool
	ResultApp     deploy.Glob
	ResultName    deploy.Glob
	ResultSettle  time.Duration
	ResultAppear  time.Duration

	Comment      bool
	CommitStatus string

	DryRun  bool
	Summary bool

	OutputFile, OutputFormat string
}

// Project is one line of the projects input.
type Project struct {
	Environment deploy.Glob
	ID          string
}

// MissingKey is what to do without an API key.
type MissingKey string

// The values of on-missing-key.
const (
	MissingKeyAuto MissingKey = "auto"
	MissingKeySkip MissingKey = "skip"
	MissingKeyFail MissingKey = "fail"
)

// Parse reads every input through get, which returns "" for what is not given,
// and reports all mistakes at once, so that a user mends a workflow in one
// push, not in five. Each mistake is an [*Error].
func Parse(get func(name string) string) (Inputs, error) {
	r := newReader(get)
	in := Inputs{
		APIKey:         secret.New(r.text("api-key")),
		ProjectID:      r.word("project-id"),
		OrganizationID: r.word("organization-id"),

		EnvironmentURL: r.url("environment-url"),
		Environment:    r.line("environment"),
		State:          r.state("deployment-state"),
		Commit:         r.ref("commit-sha", deploy.ParseCommit),
		Branch:         r.ref("branch", deploy.ParseBranch),

		APIURL:          r.text("api-url"),
		Environments:    r.globs("environments"),
		SendStates:      r.states("send-states", deploy.Success),
		Projects:        r.projects("projects"),
		RetryAmbiguous:  r.choice("retry-ambiguous", "once", "never") == "once",
		OnMissingKey:    MissingKey(r.choice("on-missing-key", string(MissingKeyAuto), string(MissingKeySkip), string(MissingKeyFail))),
		SkipBotBranches: r.flag("skip-bot-branches", true),
		FailOn:          r.outcomes("fail-on"),
		CACert:          r.text("ca-cert"),
		GitHubToken:     secret.New(r.text("github-token")),

		Once:           r.flag("once", true),
		FindDeployment: r.flag("find-deployment", false),
		FindStatus:     r.glob("find-status", ""),

		ExpectStatus:   r.text("expect-status"),
		ReadyChecks:    r.number("ready-checks", 2, 1, 20),
		RequestHeaders: secret.New(r.text("request-headers")),
		AllowedHosts:   r.globs("allowed-hosts"),
		ExpectVersion:  r.line("expect-version"),
		VersionURL:     r.line("version-url"),
		VersionFrom:    r.line("version-from"),

		WaitForResult: r.flag("wait-for-result", false),
		ResultApp:     *r.glob("result-app", "bugster-dev"),
		ResultName:    *r.glob("result-name", "*"),
		ResultSettle:  r.duration("result-settle", 30*time.Second),
		ResultAppear:  r.duration("result-appear", 10*time.Minute),

		Comment:      r.flag("comment", false),
		CommitStatus: r.line("commit-status"),

		DryRun:  r.flag("dry-run", false),
		Summary: r.flag("summary", true),

		OutputFile:   r.line("output-file"),
		OutputFormat: r.word("output-format"),
	}
	in.WaitForURL, in.WaitForPath = r.flagOrPath("wait-for-url")
	in.Timeout = r.duration("timeout", in.defaultTimeout())
	in.together(&r)
	return in, errors.Join(r.errs...)
}

// defaultTimeout is longer the more the run waits for.
func (in Inputs) defaultTimeout() time.Duration {
	switch {
	case in.WaitForResult:
		return time.Hour
	case in.WaitForURL, in.ExpectVersion != "", in.FindDeployment, in.FindStatus != nil:
		return 15 * time.Minute
	}
	return 5 * time.Minute
}

// together checks what inputs mean for each other.
func (in Inputs) together(r *reader) {
	if in.CommitStatus != "" && !in.WaitForResult {
		r.fail("commit-status", in.CommitStatus, "no commit-status without wait-for-result: true, since only a result is worth a status")
	}
	if in.FindDeployment && in.FindStatus != nil {
		r.fail("find-status", in.FindStatus.String(), "either find-deployment or find-status, as the host reports deployments or statuses")
	}
	if in.OutputFormat != "" && in.OutputFile == "" {
		r.fail("output-format", in.OutputFormat, "no output-format without output-file")
	}
	if len(in.CommitStatus) > 255 {
		r.fail("commit-status", in.CommitStatus, "a context of at most 255 characters")
	}
}

// Error is one mistake in one input.
type Error struct {
	// Name is the input's canonical name.
	Name string
	// Value is what was given; empty for a secret.
	Value string
	// Want says what was expected.
	Want string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("input %q: want %s", e.Name, e.Want)
	}
	return fmt.Sprintf("input %q is %q: want %s", e.Name, e.Value, e.Want)
}
