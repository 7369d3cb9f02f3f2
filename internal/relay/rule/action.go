package rule

import (
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// Do is what a rule does with an event.
type Do string

// What rules can do.
const (
	Trigger  Do = "trigger"  // start tests
	Dispatch Do = "dispatch" // send a repository_dispatch event
	Status   Do = "status"   // write a commit status
	Issue    Do = "issue"    // open or update an issue
)

// Action is one rule's work for one event, evaluated whole. It can be kept as
// JSON and carried out later without the rules file.
type Action struct {
	// ID is the same whenever the same rule meets the same event.
	ID string `json:"id"`
	// Rule and Target are names in the rules file.
	Rule   string `json:"rule"`
	Target string `json:"target"`
	Do     Do     `json:"do"`
	// Repository is where it is done; the target lists it.
	Repository string `json:"repository"`
	// OrderKey is the same for actions that overwrite each other and so have
	// to be done in order, one at a time. Empty means any order.
	OrderKey string `json:"order_key,omitempty"`
	// Status is the event's, which decides whether a later action of the same
	// OrderKey is overtaken.
	Status event.Status `json:"status"`
	// MaxAge is how old the event may be before doing it is noise; 0 is any
	// age.
	MaxAge time.Duration `json:"max_age,omitempty"`
	// Problem says why it cannot be done, in a sentence for people. Such an
	// action is dead at once.
	Problem string `json:"problem,omitempty"`

	// Exactly one of these is set, by Do.
	Trigger  *TriggerSpec  `json:"trigger,omitempty"`
	Dispatch *DispatchSpec `json:"dispatch,omitempty"`
	Commit   *StatusSpec   `json:"commit_status,omitempty"`
	Issue    *IssueSpec    `json:"issue,omitempty"`
}

// TriggerSpec asks the test service for tests. Exactly one of Commit and
// Branch is set.
type TriggerSpec struct {
	State          string `json:"state"` // a deploy.State
	Commit         string `json:"commit,omitempty"`
	Branch         string `json:"branch,omitempty"`
	Environment    string `json:"environment,omitempty"`
	EnvironmentURL string `json:"environment_url,omitempty"`
	ProjectID      string `json:"project_id"`
}

// DispatchSpec is one repository_dispatch event.
type DispatchSpec struct {
	EventType     string         `json:"event_type"`
	ClientPayload map[string]any `json:"client_payload"`
}

// StatusSpec is one commit status.
type StatusSpec struct {
	Commit      string `json:"commit"`
	Context     string `json:"context"`
	State       string `json:"state"` // pending, success, failure or error
	Description string `json:"description"`
	URL         string `json:"url,omitempty"`
}

// IssueSpec is one issue. Body holds Marker, by which it is found again.
type IssueSpec struct {
	Marker    string   `json:"marker"`
	Title     string   `json:"title"`
	Body      string   `json:"body"`
	Labels    []string `json:"labels,omitempty"`
	Assignees []string `json:"assignees,omitempty"`
	// Update says whether an issue that is found is brought up to date, or
	// left alone.
	Update bool `json:"update"`
}
