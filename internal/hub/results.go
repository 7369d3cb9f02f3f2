package hub

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// CheckRun is what an App reports on a commit as a check.
type CheckRun struct {
	ID   int64
	Name string
	// App is the slug of the App that made it ("bugster-dev").
	App string
	// Status is queued, in_progress, completed, waiting, requested or
	// pending.
	Status string
	// Conclusion is "" until Status is completed.
	Conclusion string
	// URL is the run's page at GitHub, DetailsURL the App's own.
	URL, DetailsURL    string
	Title, Summary     string
	Started, Completed time.Time
}

// Status is what somebody reports on a commit under a context.
type Status struct {
	ID      int64
	Context string
	// State is error, failure, pending or success.
	State       string
	Description string
	TargetURL   string
	// Creator is a login; that of an App is its slug and "[bot]".
	Creator string
	Updated time.Time
}

// CheckRuns lists the latest check runs of a commit, all Apps'.
func (c *Client) CheckRuns(ctx context.Context, repository, ref string) ([]CheckRun, error) {
	var found []CheckRun
	op := operation{"list check runs", ReadChecks()}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		list, err := all(func(at github.ListOptions) ([]*github.CheckRun, *github.Response, error) {
			page, resp, err := api.Checks.ListCheckRunsForRef(ctx, owner, name, ref, &github.ListCheckRunsOptions{ListOptions: at})
			if err != nil {
				return nil, resp, err
			}
			return page.CheckRuns, resp, nil
		})
		for _, r := range list {
			found = append(found, CheckRun{
				ID: r.GetID(), Name: r.GetName(), App: r.GetApp().GetSlug(),
				Status: r.GetStatus(), Conclusion: r.GetConclusion(),
				URL: r.GetHTMLURL(), DetailsURL: r.GetDetailsURL(),
				Title: r.GetOutput().GetTitle(), Summary: r.GetOutput().GetSummary(),
				Started: r.GetStartedAt().Time, Completed: r.GetCompletedAt().Time,
			})
		}
		return err
	})
	return found, err
}

// Statuses lists the newest commit status of each context. Contexts differ by
// more than case.
func (c *Client) Statuses(ctx context.Context, repository, ref string) ([]Status, error) {
	var found []Status
	op := operation{"list commit statuses", ReadStatuses()}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		// Not the combined status: that does not tell who made them.
		list, err := all(func(at github.ListOptions) ([]*github.RepoStatus, *github.Response, error) {
			return api.Repositories.ListStatuses(ctx, owner, name, ref, &at)
		})
		for _, s := range list {
			found = append(found, Status{
				ID: s.GetID(), Context: s.GetContext(), State: s.GetState(),
				Description: s.GetDescription(), TargetURL: s.GetTargetURL(),
				Creator: s.GetCreator().GetLogin(), Updated: s.GetUpdatedAt().Time,
			})
		}
		return err
	})
	return newest(found), err
}

// newest keeps the last status of each context, in the order of contexts.
func newest(statuses []Status) []Status {
	slices.SortStableFunc(statuses, func(a, b Status) int {
		return cmp.Or(
			strings.Compare(strings.ToLower(a.Context), strings.ToLower(b.Context)),
			b.Updated.Compare(a.Updated), cmp.Compare(b.ID, a.ID))
	})
	return slices.CompactFunc(statuses, func(a, b Status) bool { return strings.EqualFold(a.Context, b.Context) })
}

// mostDescription is how long GitHub lets a commit status's description be.
const mostDescription = 140

// CreateStatus reports on a commit, whose whole hash it wants. The newest
// report under a context counts, so doing it twice does no harm.
func (c *Client) CreateStatus(ctx context.Context, repository, sha string, s Status) error {
	op := operation{"create commit status", WriteStatuses()}
	return c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		status := &github.RepoStatus{State: &s.State, Context: &s.Context}
		if s.Description != "" {
			status.Description = github.String(clip(s.Description, mostDescription))
		}
		if s.TargetURL != "" {
			status.TargetURL = &s.TargetURL
		}
		_, _, err := api.Repositories.CreateStatus(ctx, owner, name, sha, status)
		return err
	})
}
