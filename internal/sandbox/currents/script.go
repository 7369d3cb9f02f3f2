package currents

import (
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
)

// Script says what the stand-in knows and how it misbehaves: the "currents:"
// section of a sandbox script. The zero Script has one empty project.
type Script struct {
	// Key is the API key it accepts, ReadOnlyKey one that may not write.
	Key         string `yaml:"key"`
	ReadOnlyKey string `yaml:"read-only-key"`
	// Projects are the organization's.
	Projects []string     `yaml:"projects"`
	Webhooks []Webhook    `yaml:"webhooks"`
	Runs     []Run        `yaml:"runs"`
	Faults   []rest.Fault `yaml:"faults"`

	// CreatedIs200 answers 200 to a creation, and not 201.
	CreatedIs200 bool `yaml:"created-is-200"`
	// EmptyDelete answers a deletion with an empty body.
	EmptyDelete bool `yaml:"empty-delete"`
}

// What the zero Script accepts. No key here is a secret.
const (
	DefaultKey     = "currents_sandbox_key"
	DefaultProject = "proj_sandbox"
)

// Webhook is a webhook that is there from the start.
type Webhook struct {
	ID      string   `yaml:"id"` // "": the next free one
	Project string   `yaml:"project"`
	URL     string   `yaml:"url"`
	Headers string   `yaml:"headers"` // "": null
	Events  []string `yaml:"events"`
	Label   string   `yaml:"label"` // "": null
}

// Run is a run of a project.
type Run struct {
	ID      string `yaml:"id"`
	Project string `yaml:"project"`
	// Created is when it was made; without it, Ago before the start.
	Created time.Time     `yaml:"created"`
	Ago     time.Duration `yaml:"ago"`
	// Duration is what the API tells of how long it took. 0: nothing.
	Duration time.Duration `yaml:"duration"`
	// Completion and Status are in the words of either family.
	Completion string   `yaml:"completion"`
	Status     string   `yaml:"status"`
	Build      string   `yaml:"build"`
	Tags       []string `yaml:"tags"`
	Commit     Commit   `yaml:"commit"`
	Groups     []Group  `yaml:"groups"`
}

// Commit is what the reporter knew of the commit.
type Commit struct {
	SHA        string `yaml:"sha" json:"sha"`
	Branch     string `yaml:"branch" json:"branch"`
	AuthorName string `yaml:"author-name" json:"authorName"`
	Message    string `yaml:"message" json:"message"`
	Remote     string `yaml:"remote" json:"remoteOrigin"`
}

// Group is one group of a run with its numbers.
type Group struct {
	ID       string `yaml:"id"`
	Passes   int    `yaml:"passes"`
	Failures int    `yaml:"failures"`
	Pending  int    `yaml:"pending"`
	Skipped  int    `yaml:"skipped"`
	Flaky    int    `yaml:"flaky"`
}
