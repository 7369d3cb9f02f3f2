package bitrise

import (
	"context"
	"net/http"
)

// Build is one build of an app.
type Build struct {
	Slug   string `json:"slug"`
	Number int    `json:"build_number"`
	// Status is 0 while it runs, 1 for success, 2 for failure, 3 for aborted
	// and 4 for aborted and called a success.
	Status        int    `json:"status"`
	Branch        string `json:"branch"`
	Tag           string `json:"tag"`
	CommitHash    string `json:"commit_hash"`
	CommitMessage string `json:"commit_message"`
	Workflow      string `json:"triggered_workflow"`
	Pipeline      string `json:"pipeline_workflow_id"`
	PullRequest   int    `json:"pull_request_id"`
	TargetBranch  string `json:"pull_request_target_branch"`
}

// Build returns one build.
func (c *Client) Build(ctx context.Context, app, build string) (Build, error) {
	var answer struct{ Data Build }
	err := c.api().Call(ctx, "get build", http.MethodGet, nil, nil, &answer, "apps", app, "builds", build)
	return answer.Data, err
}

// App is what an app says of its repository.
type App struct {
	Slug      string `json:"slug"`
	Title     string `json:"title"`
	Provider  string `json:"provider"`
	RepoOwner string `json:"repo_owner"`
	RepoName  string `json:"repo_slug"`
}

// App returns one app.
func (c *Client) App(ctx context.Context, app string) (App, error) {
	var answer struct{ Data App }
	err := c.api().Call(ctx, "get app", http.MethodGet, nil, nil, &answer, "apps", app)
	return answer.Data, err
}
