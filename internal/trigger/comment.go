package trigger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/report"
)

// comment keeps one comment on the pull request up to date. A skipped run
// leaves it as it is: it has nothing to say about the tests.
func (r *run) comment(ctx context.Context) {
	if !r.in.Comment || r.end.Outcome == deploy.Skipped || r.end.Outcome == deploy.DryRun {
		return
	}
	api, err := r.github()
	if err == nil {
		var number int
		if number, err = r.pullRequest(ctx, api); err == nil {
			err = stick(ctx, api, r.res.Deployment.Repository, number, marker(r.commentContext()), report.Markdown(r.report()))
		}
	}
	if err != nil {
		r.degrade("The pull request has no comment of this run", err)
	}
}

// pullAPI is what finding the pull request asks of GitHub.
type pullAPI interface {
	PullRequests(ctx context.Context, repository, sha string) ([]hub.PullRequest, error)
}

// pullRequest is the event's, else the open one whose newest commit is the
// deployed one.
func (r *run) pullRequest(ctx context.Context, api pullAPI) (int, error) {
	if number := r.res.Deployment.PullRequest; number != 0 {
		return number, nil
	}
	sha, err := r.commit()
	if err != nil {
		return 0, err
	}
	return openPull(ctx, api, r.res.Deployment.Repository, sha)
}

func openPull(ctx context.Context, api pullAPI, repository, sha string) (int, error) {
	list, err := api.PullRequests(ctx, repository, sha)
	if err != nil {
		return 0, err
	}
	var open []string
	number := 0
	for _, p := range list {
		if p.State == "open" && strings.EqualFold(p.HeadSHA, sha) {
			open = append(open, fmt.Sprintf("#%d", p.Number))
			number = p.Number
		}
	}
	switch len(open) {
	case 0:
		return 0, fmt.Errorf("no open pull request has %s as its newest commit", short(sha))
	case 1:
		return number, nil
	}
	return 0, fmt.Errorf("several open pull requests have %s as their newest commit: %s", short(sha), strings.Join(open, ", "))
}

// commentContext tells apart the comments that one pull request may have: one
// for each context, or for each job, project and environment.
func (r *run) commentContext() string {
	if r.in.CommitStatus != "" {
		return r.in.CommitStatus
	}
	return strings.Join([]string{
		r.Getenv("GITHUB_WORKFLOW"), r.Getenv("GITHUB_JOB"), r.project, strings.ToLower(r.res.Deployment.EnvironmentName),
	}, "\n")
}

// marker is how a comment is found again. A hash holds nothing that could end
// the HTML comment around it.
func marker(context string) string {
	return fmt.Sprintf("<!-- afterdeploy:%x -->", sha256.Sum256([]byte(context)))
}

// commentAPI is what a sticky comment asks of GitHub.
type commentAPI interface {
	Comments(ctx context.Context, repository string, number int) ([]hub.Comment, error)
	CreateComment(ctx context.Context, repository string, number int, body string) (hub.Comment, error)
	UpdateComment(ctx context.Context, repository string, id int64, body string) (hub.Comment, error)
}

// stick updates the comment with the marker, or makes it. The marker comes
// first, since a long text is cut at its end.
func stick(ctx context.Context, api commentAPI, repository string, number int, marker, text string) error {
	list, err := api.Comments(ctx, repository, number)
	if err != nil {
		return err
	}
	text = marker + "\n" + text
	if old := marked(list, marker); old != nil {
		_, err = api.UpdateComment(ctx, repository, old.ID, text)
		return err
	}
	_, err = api.CreateComment(ctx, repository, number, text)
	var lost *hub.Error
	if errors.As(err, &lost) && lost.Ambiguous {
		return fmt.Errorf("%w; it may be there all the same", err)
	}
	return err
}

// marked finds the comment to update: the oldest of an App, as a workflow's
// token is, else the oldest. Anybody may write a comment with our marker; that
// one is not to be taken before our own.
func marked(list []hub.Comment, marker string) *hub.Comment {
	var first *hub.Comment
	for i, c := range list {
		if !strings.HasPrefix(c.Body, marker) {
			continue
		}
		if strings.HasSuffix(c.Author, "[bot]") {
			return &list[i]
		}
		if first == nil {
			first = &list[i]
		}
	}
	return first
}
