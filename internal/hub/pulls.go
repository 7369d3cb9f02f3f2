package hub

import (
	"context"
	"net/url"

	"github.com/google/go-github/v60/github"
)

// PullRequest is a pull request.
type PullRequest struct {
	Number int
	// State is open or closed.
	State string
	// HeadSHA and HeadRef are its newest commit and its branch, which is in
	// HeadRepository, "" where that was deleted.
	HeadSHA, HeadRef, HeadRepository string
}

// PullRequests lists the pull requests that a commit belongs to, closed ones
// too.
func (c *Client) PullRequests(ctx context.Context, repository, sha string) ([]PullRequest, error) {
	var found []PullRequest
	op := operation{"list the commit's pull requests", ReadPullRequests()}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		list, err := all(func(at github.ListOptions) ([]*github.PullRequest, *github.Response, error) {
			return api.PullRequests.ListPullRequestsWithCommit(ctx, owner, name, url.PathEscape(sha), &at)
		})
		for _, p := range list {
			found = append(found, pullRequest(p))
		}
		return err
	})
	return found, err
}

// PullRequest reads one pull request.
func (c *Client) PullRequest(ctx context.Context, repository string, number int) (PullRequest, error) {
	var found PullRequest
	op := operation{"get pull request", ReadPullRequests()}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		p, _, err := api.PullRequests.Get(ctx, owner, name, number)
		found = pullRequest(p)
		return err
	})
	return found, err
}

func pullRequest(p *github.PullRequest) PullRequest {
	return PullRequest{
		Number: p.GetNumber(), State: p.GetState(),
		HeadSHA: p.GetHead().GetSHA(), HeadRef: p.GetHead().GetRef(), HeadRepository: p.GetHead().GetRepo().GetFullName(),
	}
}

// Comment is a comment on an issue or on a pull request's conversation.
type Comment struct {
	ID     int64
	Author string
	Body   string
	URL    string
}

// mostBody is how long GitHub lets a comment or an issue be, in characters.
const mostBody = 65536

// Comments lists all comments of an issue or pull request, oldest first.
func (c *Client) Comments(ctx context.Context, repository string, number int) ([]Comment, error) {
	var found []Comment
	op := operation{"list comments", ReadPullRequests()}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		list, err := all(func(at github.ListOptions) ([]*github.IssueComment, *github.Response, error) {
			return api.Issues.ListComments(ctx, owner, name, number, &github.IssueListCommentsOptions{ListOptions: at})
		})
		for _, m := range list {
			found = append(found, comment(m))
		}
		return err
	})
	return found, err
}

// CreateComment comments on an issue or pull request. Doing it twice makes two
// comments.
func (c *Client) CreateComment(ctx context.Context, repository string, number int, body string) (Comment, error) {
	var made Comment
	op := operation{"create comment", WritePullRequests()}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		m, _, err := api.Issues.CreateComment(ctx, owner, name, number, &github.IssueComment{Body: github.String(clip(body, mostBody))})
		made = comment(m)
		return err
	})
	return made, err
}

// UpdateComment replaces a comment's text.
func (c *Client) UpdateComment(ctx context.Context, repository string, id int64, body string) (Comment, error) {
	var made Comment
	op := operation{"update comment", WritePullRequests()}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		m, _, err := api.Issues.EditComment(ctx, owner, name, id, &github.IssueComment{Body: github.String(clip(body, mostBody))})
		made = comment(m)
		return err
	})
	return made, err
}

func comment(m *github.IssueComment) Comment {
	return Comment{ID: m.GetID(), Author: m.GetUser().GetLogin(), Body: m.GetBody(), URL: m.GetHTMLURL()}
}
