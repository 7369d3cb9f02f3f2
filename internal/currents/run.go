package currents

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Run is one run of a project's tests, all groups together.
type Run struct {
	ID        string   `json:"runId"`
	ProjectID string   `json:"projectId"`
	Tags      []string `json:"tags"`
	// Completion and Status are words of which the API has two families
	// ("complete" and "COMPLETE"). [Run.State] reads both.
	Completion string  `json:"completionState"`
	Status     string  `json:"status"`
	Groups     []Group `json:"groups"`
	Meta       struct {
		CIBuildID string `json:"ciBuildId"`
		Commit    Commit `json:"commit"`
	} `json:"meta"`
}

// Group is one group of a run.
type Group struct {
	ID    string `json:"groupId"`
	Tests Tests  `json:"tests"`
}

// Tests are the numbers of a group.
type Tests struct {
	Overall  int `json:"overall"`
	Passes   int `json:"passes"`
	Failures int `json:"failures"`
	Pending  int `json:"pending"`
	Skipped  int `json:"skipped"`
	Flaky    int `json:"flaky"`
}

// Commit is what the reporter knew of the commit.
type Commit struct {
	SHA    string `json:"sha"`
	Branch string `json:"branch"`
	Remote string `json:"remoteOrigin"`
}

// State is how a run stands.
type State string

// The states of a run.
const (
	Running   State = "running"
	Passed    State = "passed"
	Failed    State = "failed"
	Cancelled State = "cancelled"
	TimedOut  State = "timed out"
	Unknown   State = "unknown"
)

// Tests sums the groups up.
func (r Run) Tests() Tests {
	var sum Tests
	for _, g := range r.Groups {
		sum.Overall += g.Tests.Overall
		sum.Passes += g.Tests.Passes
		sum.Failures += g.Tests.Failures
		sum.Pending += g.Tests.Pending
		sum.Skipped += g.Tests.Skipped
		sum.Flaky += g.Tests.Flaky
	}
	return sum
}

// State says how the run stands as a whole. It passed only if the API says so,
// no test failed, and one at least passed.
func (r Run) State() State {
	tests := r.Tests()
	switch strings.ToLower(r.Completion) {
	case "complete":
		if strings.EqualFold(r.Status, "passed") && tests.Failures == 0 && tests.Passes > 0 {
			return Passed
		}
		return Failed
	case "incomplete", "in_progress":
		return Running
	case "cancelled", "canceled":
		return Cancelled
	case "timedout", "timeout":
		return TimedOut
	}
	return Unknown
}

// Run returns one run.
func (c *Client) Run(ctx context.Context, id string) (Run, error) {
	var run Run
	err := c.call(ctx, "get run", http.MethodGet, nil, nil, &run, "runs", id)
	return run, err
}

// FindRun returns the newest completed run of a CI build.
func (c *Client) FindRun(ctx context.Context, project, ciBuildID string) (Run, error) {
	var run Run
	query := url.Values{"projectId": {project}, "ciBuildId": {ciBuildID}}
	err := c.call(ctx, "find run", http.MethodGet, query, nil, &run, "runs", "find")
	return run, err
}
