// Package rule reads the rules file and says, for an event, what is to be
// done. It does nothing itself.
package rule

import (
	"time"

	"github.com/expr-lang/expr/vm"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// File is a rules file that [Load] found no fault with.
type File struct {
	// PublicURL is where the services reach the relay, without /hooks; "" where
	// the file does not say.
	PublicURL string
	// CatchUp is how often the services are asked what they sent in vain; 0 is
	// never.
	CatchUp time.Duration
	Sources []source.Config
	Targets []TargetConfig
	Rules   []Rule
	Own     Own
}

// The services that a target can be at.
const (
	TargetBugster = "bugster" // the test service's custom trigger endpoint
	TargetGitHub  = "github"  // repository_dispatch, commit statuses and issues
)

// TargetConfig is one configured target.
type TargetConfig struct {
	Name string
	// Service is [TargetBugster] or [TargetGitHub].
	Service string
	// Repositories are the only ones it acts for: owner/name, or owner/name*.
	Repositories []string
	// Concurrency caps how many requests are under way at once; 0 is the
	// relay's own choice.
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
	Senders  []string      // logins
	Contexts []deploy.Glob // over commit status contexts and check names
}

// Rule is what to do with which events.
type Rule struct {
	Name   string
	Do     Do
	Target string
	MaxAge time.Duration

	filter filter
	with   with
}

// filter says which events a rule is for. An empty list is every one.
type filter struct {
	sources      []string
	kinds        []event.Kind
	statuses     []event.Status
	events       []deploy.Glob
	branches     []deploy.Glob
	environments []deploy.Glob
	workflows    []deploy.Glob

	when    string
	program *vm.Program // nil without when
}

// with is what a rule says about its delivery, beyond what follows from the
// event. Nil is what follows.
type with struct {
	texts     map[string]template
	labels    []template // nil: not given
	assignees map[string]string
	payload   map[string]any // templates inside
	update    bool
}
