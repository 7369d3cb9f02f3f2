package hub

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-github/v60/github"
)

// Issue is an issue.
type Issue struct {
	Number int
	Title  string
	Body   string
	// State is open or closed.
	State     string
	Labels    []string
	Assignees []string
	URL       string
}

// mostTitle is how long GitHub lets an issue's title be, in characters.
const mostTitle = 256

// FindIssue looks through all issues, open and closed, for one whose text holds
// marker; a label, if given, narrows the search. The oldest wins. It returns
// nil where there is none.
func (c *Client) FindIssue(ctx context.Context, repository, label, marker string) (*Issue, error) {
	var found *Issue
	op := operation{"list issues", ReadIssues()}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		options := github.IssueListByRepoOptions{State: "all", Sort: "created", Direction: "asc"}
		if label != "" {
			options.Labels = []string{label}
		}
		list, err := all(func(at github.ListOptions) ([]*github.Issue, *github.Response, error) {
			options.ListOptions = at
			return api.Issues.ListByRepo(ctx, owner, name, &options)
		})
		for _, i := range list {
			if !i.IsPullRequest() && strings.Contains(i.GetBody(), marker) {
				found = issue(i)
				break
			}
		}
		return err
	})
	return found, err
}

// CreateIssue makes an issue. GitHub drops labels and assignees that the token
// may not set. Doing it twice makes two issues.
func (c *Client) CreateIssue(ctx context.Context, repository string, i Issue) (*Issue, error) {
	return c.writeIssue(ctx, "create issue", repository, func(api *github.Client, owner, name string) (*github.Issue, error) {
		made, _, err := api.Issues.Create(ctx, owner, name, request(i))
		return made, err
	})
}

// UpdateIssue changes the issue with i's number: what is empty in i stays as it
// is.
func (c *Client) UpdateIssue(ctx context.Context, repository string, i Issue) (*Issue, error) {
	return c.writeIssue(ctx, "update issue", repository, func(api *github.Client, owner, name string) (*github.Issue, error) {
		if i.Number <= 0 {
			return nil, &Error{Kind: KindValidation, Err: fmt.Errorf("%d is not an issue's number", i.Number)}
		}
		made, _, err := api.Issues.Edit(ctx, owner, name, i.Number, request(i))
		return made, err
	})
}

func (c *Client) writeIssue(ctx context.Context, what, repository string, write func(api *github.Client, owner, name string) (*github.Issue, error)) (*Issue, error) {
	var made *Issue
	err := c.call(ctx, operation{what, WriteIssues()}, repository, func(api *github.Client, owner, name string) error {
		i, err := write(api, owner, name)
		if err == nil {
			made = issue(i)
		}
		return err
	})
	return made, err
}

// request leaves out what is empty.
func request(i Issue) *github.IssueRequest {
	r := &github.IssueRequest{}
	if i.Title != "" {
		r.Title = github.String(clip(i.Title, mostTitle))
	}
	if i.Body != "" {
		r.Body = github.String(clip(i.Body, mostBody))
	}
	if i.State != "" {
		r.State = &i.State
	}
	if len(i.Labels) > 0 {
		r.Labels = &i.Labels
	}
	if len(i.Assignees) > 0 {
		r.Assignees = &i.Assignees
	}
	return r
}

func issue(i *github.Issue) *Issue {
	found := &Issue{
		Number: i.GetNumber(), Title: i.GetTitle(), Body: i.GetBody(), State: i.GetState(), URL: i.GetHTMLURL(),
	}
	for _, l := range i.Labels {
		found.Labels = append(found.Labels, l.GetName())
	}
	for _, a := range i.Assignees {
		found.Assignees = append(found.Assignees, a.GetLogin())
	}
	return found
}
