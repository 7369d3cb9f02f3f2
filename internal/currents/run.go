package currents

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Run is one run of a project's tests, all groups together.
type Run struct {
	ID        string    `json:"runId"`
	ProjectID string    `json:"projectId"`
	CreatedAt time.Time `json:"createdAt"`
	// DurationMs is how long it took, in milliseconds; 0 where that is not
	// known.
	DurationMs int64    `json:"durationMs"`
	Tags       []string `json:"tags"`
	// Completion and Status are words of which the API has two families
	// ("complete" and "COMPLETE"). [Run.State] reads both.
	Completion string  `json:"completionState"`
	Status     string  `json:"status"`
	Groups     []Group `json:"groups"`
	Meta       struct {
		CIBuildID string `json:"ciBuildId"`
		Commit    Commit `json:"commit"`
	} `json:"meta"`
	// Cursor is the run's place in a list.
	Cursor string `json:"cursor"`
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
	SHA        string `json:"sha"`
	Branch     string `json:"branch"`
	AuthorName string `json:"authorName"`
	Message    string `json:"message"`
	Remote     string `json:"remoteOrigin"`
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
	answer, err := call[Run](ctx, c, "get run", http.MethodGet, nil, nil, "runs", id)
	return answer.Data, err
}

// FindRun returns the newest completed run of a CI build.
func (c *Client) FindRun(ctx context.Context, project, ciBuildID string) (Run, error) {
	query := url.Values{"projectId": {project}, "ciBuildId": {ciBuildID}}
	answer, err := call[Run](ctx, c, "find run", http.MethodGet, query, nil, "runs", "find")
	return answer.Data, err
}

// mostPages ends a list that never ends.
const mostPages = 200

// Runs lists a project's runs that were made at since or later, all pages of
// them, in the API's order, which is newest first. The lists have no specs.
func (c *Client) Runs(ctx context.Context, project string, since time.Time) ([]Run, error) {
	// The guide allows 50 at a time, the API's description 100.
	query := url.Values{"limit": {"50"}, "date_start": {since.UTC().Format("2006-01-02T15:04:05.000Z")}}
	var all []Run
	for range mostPages {
		answer, err := call[[]Run](ctx, c, "list runs", http.MethodGet, query, nil, "projects", project, "runs")
		if err != nil {
			return nil, err
		}
		all = append(all, answer.Data...)
		if !answer.More {
			return all, nil
		}
		last := ""
		if n := len(answer.Data); n > 0 {
			last = answer.Data[n-1].Cursor
		}
		if last == "" || last == query.Get("starting_after") {
			return nil, fmt.Errorf("list runs: Currents says that there are more, and not where: want a cursor")
		}
		query.Set("starting_after", last)
	}
	return nil, fmt.Errorf("list runs: more than %d pages: want a later time to begin at", mostPages)
}
