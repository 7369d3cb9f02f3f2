package github

import "time"

// Script says what the stand-in knows and how it misbehaves: the "github:"
// section of a sandbox script. The zero Script knows no deployment, lets
// everybody in and never fails.
type Script struct {
	// Token is the token it accepts. Empty: any.
	Token string `yaml:"token"`
	// Repository is the only one there is. Empty: any.
	Repository string `yaml:"repository"`
	// Renamed maps old repository names to new ones.
	Renamed map[string]string `yaml:"renamed"`
	// Permissions are the token's, as a workflow spells them. Nil: all.
	Permissions map[string]string `yaml:"permissions"`
	// Page is the most entries of one page. 0: as many as asked for.
	Page int `yaml:"page"`
	// Limit is the number of requests in an hour. 0: 5000.
	Limit int `yaml:"limit"`
	// NoETags answers without ETag, as some proxies do.
	NoETags bool `yaml:"no-etags"`
	// App is the GitHub App that may ask for installation tokens.
	App App `yaml:"app"`

	Deployments []Deployment `yaml:"deployments"`
	Checks      []Check      `yaml:"checks"`
	Statuses    []Status     `yaml:"statuses"`
	Pulls       []Pull       `yaml:"pulls"`
	Comments    []Comment    `yaml:"comments"`
	Issues      []Issue      `yaml:"issues"`
	Hooks       []Hook       `yaml:"hooks"`
	Faults      []Fault      `yaml:"faults"`
}

// When says from when on something is there. All that is given must hold.
type When struct {
	// After counts from the start.
	After time.Duration `yaml:"after"`
	// Requests is the number of times that it must have been asked for.
	Requests int `yaml:"requests"`
	// Trigger makes After count from the call of the trigger endpoint.
	Trigger bool `yaml:"trigger"`
}

// Deployment is a deployment of a commit and what is reported on it.
type Deployment struct {
	When        `yaml:",inline"`
	ID          int64              `yaml:"id"` // 0: the next free one
	SHA         string             `yaml:"sha"`
	Ref         string             `yaml:"ref"`
	Environment string             `yaml:"environment"`
	Creator     string             `yaml:"creator"`
	Statuses    []DeploymentStatus `yaml:"statuses"`
}

// DeploymentStatus is one report on a deployment.
type DeploymentStatus struct {
	When           `yaml:",inline"`
	ID             int64  `yaml:"id"` // 0: the next free one
	State          string `yaml:"state"`
	Environment    string `yaml:"environment"`
	EnvironmentURL string `yaml:"environment-url"`
	LogURL         string `yaml:"log-url"`
	Description    string `yaml:"description"`
}

// Check is a check run of an App on a commit, empty SHA: on every commit.
type Check struct {
	SHA   string      `yaml:"sha"`
	App   string      `yaml:"app"` // the slug
	Name  string      `yaml:"name"`
	URL   string      `yaml:"url"`
	Steps []CheckStep `yaml:"steps"`
}

// CheckStep is how a check run stands from some time on.
type CheckStep struct {
	When       `yaml:",inline"`
	Status     string `yaml:"status"` // completed where a conclusion is given
	Conclusion string `yaml:"conclusion"`
	Title      string `yaml:"title"`
	Summary    string `yaml:"summary"`
}

// Status is what is reported on a commit under a context, empty SHA: on every
// commit.
type Status struct {
	SHA     string       `yaml:"sha"`
	Context string       `yaml:"context"`
	Creator string       `yaml:"creator"`
	Steps   []StatusStep `yaml:"steps"`
}

// StatusStep is one commit status.
type StatusStep struct {
	When        `yaml:",inline"`
	State       string `yaml:"state"`
	Description string `yaml:"description"`
	URL         string `yaml:"url"`
}

// Pull is a pull request.
type Pull struct {
	Number int    `yaml:"number"`
	State  string `yaml:"state"` // empty: open
	SHA    string `yaml:"sha"`   // of its head
	Ref    string `yaml:"ref"`   // of its head
	// Commits are older ones of it.
	Commits []string `yaml:"commits"`
}

// Comment is a comment that is there from the start.
type Comment struct {
	Issue  int    `yaml:"issue"`
	Author string `yaml:"author"`
	Body   string `yaml:"body"`
}

// Issue is an issue that is there from the start.
type Issue struct {
	Number int      `yaml:"number"`
	Title  string   `yaml:"title"`
	Body   string   `yaml:"body"`
	State  string   `yaml:"state"` // empty: open
	Labels []string `yaml:"labels"`
	// Pull makes it a pull request, which GitHub lists among the issues.
	Pull bool `yaml:"pull"`
}

// App is a GitHub App.
type App struct {
	ID string `yaml:"id"`
	// PublicKey, in PEM, checks the App's own tokens. Empty: they are only
	// read.
	PublicKey string `yaml:"public-key"`
	// Lifetime is that of its installation tokens. 0: an hour.
	Lifetime time.Duration `yaml:"lifetime"`
}

// Fault is a misbehaviour of the requests that match.
type Fault struct {
	// Method and Path choose; Path is a glob in which * matches anything.
	// Empty: every one.
	Method string `yaml:"method"`
	Path   string `yaml:"path"`
	// Skip is the number of matching requests that are answered well first,
	// Times that of the bad answers. 0: 1. -1: all.
	Skip  int `yaml:"skip"`
	Times int `yaml:"times"`

	// CarryOut does what was asked before failing.
	CarryOut bool `yaml:"carry-out"`
	// Status is the answer. 0: none, the connection is closed.
	Status  int    `yaml:"status"`
	Message string `yaml:"message"`
	// RetryAfter is the header of that name, as it is.
	RetryAfter string `yaml:"retry-after"`
	// Secondary makes it the secondary rate limit's answer.
	Secondary bool `yaml:"secondary"`
	// Stall waits so long before the answer. -1: for ever.
	Stall time.Duration `yaml:"stall"`
}
