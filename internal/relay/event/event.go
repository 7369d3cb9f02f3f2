// Package event is the relay's one shape for what every service reports. It
// holds values only: who parses them is a source, who acts on them a rule.
package event

import (
	"encoding/json"
	"time"
)

// Event is what happened, in the same words for every service. Fields that a
// service does not tell are zero; nothing unknown is refused.
type Event struct {
	// ID is the relay's own identifier, given when the event is kept.
	ID string `json:"id" expr:"id"`
	// Source is the name of the configured source that received it.
	Source string `json:"source" expr:"source"`
	// Received is when the relay kept it, in UTC.
	Received time.Time `json:"received" expr:"received"`

	// Service is github, bitrise, currents, gleap, betterbugs or relay.
	Service string `json:"service" expr:"service"`
	// Name is the event in the service's own words ("build/finished").
	Name string `json:"name" expr:"name"`
	// Kind is what it is about, one of [Kinds].
	Kind Kind `json:"kind" expr:"kind"`
	// Status is how that stands, in the relay's words.
	Status Status `json:"status" expr:"status"`
	// State is the status in the service's own words ("RUN_TIMEOUT", "3").
	State string `json:"state" expr:"state"`
	// Subject identifies what the event is about over its life
	// ("app/build", "run/group", a bug's id); events of one subject have an
	// order.
	Subject string `json:"subject" expr:"subject"`

	Title       string `json:"title" expr:"title"`
	Description string `json:"description" expr:"description"` // Markdown
	URL         string `json:"url" expr:"url"`

	Repository  string `json:"repository" expr:"repository"` // owner/name
	Commit      string `json:"commit" expr:"commit"`
	Branch      string `json:"branch" expr:"branch"`
	Tag         string `json:"tag" expr:"tag"`
	PullRequest int    `json:"pull_request" expr:"pull_request"`

	Environment    string `json:"environment" expr:"environment"`
	EnvironmentURL string `json:"environment_url" expr:"environment_url"`
	Workflow       string `json:"workflow" expr:"workflow"`
	Priority       string `json:"priority" expr:"priority"` // low, medium, high or the service's own
	Sender         string `json:"sender" expr:"sender"`     // login or id of who or what caused it
	Context        string `json:"context" expr:"context"`   // a commit status's context or a check's name

	Counts Counts            `json:"counts" expr:"counts"`
	People []Person          `json:"people,omitempty" expr:"people"`
	Links  []Link            `json:"links,omitempty" expr:"links"`
	Tags   []string          `json:"tags,omitempty" expr:"tags"`
	Fields map[string]string `json:"fields,omitempty" expr:"fields"` // custom fields and the service's own small facts

	// Unverified marks an event that no secret vouches for, such as
	// BetterBugs' Verify request. No rule sees it.
	Unverified bool `json:"unverified,omitempty" expr:"unverified"`
	// Occurred is when it happened by the sender's clock, zero if untold.
	Occurred time.Time `json:"occurred,omitzero" expr:"occurred"`

	// Raw is the payload with private fields redacted, as a JSON value.
	Raw json.RawMessage `json:"raw,omitempty" expr:"-"`
}

// Kind is what an event is about.
type Kind string

// The kinds.
const (
	KindDeployment Kind = "deployment"
	KindBuild      Kind = "build"
	KindRun        Kind = "run"
	KindBug        Kind = "bug"
	KindCheck      Kind = "check"
	KindPush       Kind = "push"
	KindPull       Kind = "pull_request"
	KindRelease    Kind = "release"
	KindDispatch   Kind = "dispatch"
	KindPing       Kind = "ping"
	KindDelivery   Kind = "delivery" // the relay's own: a delivery ended badly
	KindTarget     Kind = "target"   // the relay's own: a target was paused
	KindOther      Kind = "other"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{
		KindDeployment, KindBuild, KindRun, KindBug, KindCheck, KindPush, KindPull,
		KindRelease, KindDispatch, KindPing, KindDelivery, KindTarget, KindOther,
	}
}

// Status is how the subject stands. Only Success is good news.
type Status string

// The statuses.
const (
	StatusPending   Status = "pending"
	StatusSuccess   Status = "success"
	StatusFailure   Status = "failure"
	StatusCancelled Status = "cancelled"
	StatusTimedOut  Status = "timed_out"
	StatusOpen      Status = "open"
	StatusClosed    Status = "closed"
	StatusUnknown   Status = "unknown"
)

// Statuses lists every status.
func Statuses() []Status {
	return []Status{
		StatusPending, StatusSuccess, StatusFailure, StatusCancelled,
		StatusTimedOut, StatusOpen, StatusClosed, StatusUnknown,
	}
}

// Final reports whether a later event of the same subject can only repeat it.
func (s Status) Final() bool {
	switch s {
	case StatusSuccess, StatusFailure, StatusCancelled, StatusTimedOut, StatusClosed:
		return true
	}
	return false
}

// Counts are a test run's numbers.
type Counts struct {
	Overall int `json:"overall" expr:"overall"`
	Passed  int `json:"passed" expr:"passed"`
	Failed  int `json:"failed" expr:"failed"`
	Pending int `json:"pending" expr:"pending"`
	Skipped int `json:"skipped" expr:"skipped"`
	Flaky   int `json:"flaky" expr:"flaky"`
	Retries int `json:"retries" expr:"retries"`
}

// Person is somebody named by the event. E-mail addresses are private and not
// kept here; Handle is what an assignee map looks up.
type Person struct {
	Role   string `json:"role" expr:"role"` // author, reporter, assignee
	Name   string `json:"name" expr:"name"`
	Handle string `json:"handle" expr:"handle"`
}

// Link is something to look at: a session, a screenshot, a replay.
type Link struct {
	Title string `json:"title" expr:"title"`
	URL   string `json:"url" expr:"url"`
}
