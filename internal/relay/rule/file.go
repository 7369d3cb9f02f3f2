// Package rule reads the rules file and says, for an event, what is to be
// done. It does nothing itself.
package rule

import (
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// File is a rules file that [Load] found no fault with.
type File struct {
	Sources []source.Config
	Targets []TargetConfig
	Rules   []Rule
	Own     Own
}

// The kinds of target.
const (
	TargetBugster = "bugster" // the test service's custom trigger endpoint
	TargetGitHub  = "github"  // repository_dispatch, commit statuses and issues
)

// TargetConfig is one configured target.
type TargetConfig struct {
	Name string
	Kind string
	// Repositories are the only ones it acts for: owner/name, or owner/name*.
	Repositories []string
	// Concurrency caps how many requests are under way at once.
	Concurrency int
	// APIURL replaces the service's own address (a GitHub Enterprise Server,
	// the sandbox).
	APIURL string

	// Bugster.
	APIKey         secret.String
	OrganizationID string
	ProjectID      string

	// GitHub: a token or an App.
	Token secret.String
	App   App
}

// App is a GitHub App's identity. The zero value is none.
type App struct {
	ID           int64
	Installation int64 // 0: found by repository
	PrivateKey   secret.String
}

// Own tells the relay's own doings, so that it does not answer itself.
type Own struct {
	Senders  []string // logins
	Contexts []string // globs over commit status contexts
}

// Rule is what to do with which events.
type Rule struct {
	Name   string
	Do     Do
	Target string
	MaxAge time.Duration
}
