package target

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
)

const gitHubAPI = "https://api.github.com"

// gitHub writes to repositories.
type gitHub struct{ api *hub.Client }

func newGitHub(client *http.Client, c rule.TargetConfig) (Target, error) {
	o := hub.Options{HTTP: client, BaseURL: cmp.Or(c.APIURL, gitHubAPI)}
	if c.App.ID != 0 {
		app, err := hub.NewApp(o, strconv.FormatInt(c.App.ID, 10), c.App.PrivateKey)
		if err != nil {
			return nil, err
		}
		o.Auth = app
	} else {
		o.Auth = hub.Token(c.Token)
	}
	api, err := hub.New(o)
	if err != nil {
		return nil, err
	}
	return gitHub{api}, nil
}

// Deliver implements [Target].
func (g gitHub) Deliver(ctx context.Context, a rule.Action) (Result, error) {
	var (
		result Result
		err    error
	)
	switch {
	case a.Do == rule.Dispatch && a.Dispatch != nil:
		result = Result{Status: http.StatusNoContent, Note: "dispatched " + a.Dispatch.EventType}
		err = g.api.Dispatch(ctx, a.Repository, a.Dispatch.EventType, a.Dispatch.ClientPayload)
	case a.Do == rule.Status && a.Commit != nil:
		result, err = g.status(ctx, a.Repository, *a.Commit)
	case a.Do == rule.Issue && a.Issue != nil:
		result, err = g.issue(ctx, a.Repository, *a.Issue)
	default:
		return Result{}, missing(a, rule.TargetGitHub)
	}
	if err != nil {
		return Result{}, sorted(a.Do, err, time.Now())
	}
	return result, nil
}

func (g gitHub) status(ctx context.Context, repository string, s rule.StatusSpec) (Result, error) {
	err := g.api.CreateStatus(ctx, repository, s.Commit, hub.Status{
		Context: s.Context, State: s.State, Description: s.Description, TargetURL: s.URL,
	})
	return Result{Status: http.StatusCreated, Note: s.Context + " is " + s.State}, err
}

// issue makes an issue once: it looks for the marker first, also after an
// attempt whose answer was lost.
func (g gitHub) issue(ctx context.Context, repository string, s rule.IssueSpec) (Result, error) {
	found, err := g.api.FindIssue(ctx, repository, "", s.Marker)
	if err != nil {
		return Result{}, err
	}
	wanted := hub.Issue{Title: s.Title, Body: s.Body, Labels: s.Labels, Assignees: s.Assignees}
	switch {
	case found == nil:
		made, err := g.api.CreateIssue(ctx, repository, wanted)
		if err != nil {
			return Result{}, err
		}
		return Result{Status: http.StatusCreated, URL: made.URL, Note: "opened #" + strconv.Itoa(made.Number)}, nil
	case !s.Update:
		return Result{Status: http.StatusOK, URL: found.URL, Note: "#" + strconv.Itoa(found.Number) + " is there"}, nil
	}
	wanted.Number = found.Number
	if _, err := g.api.UpdateIssue(ctx, repository, wanted); err != nil {
		return Result{}, err
	}
	return Result{Status: http.StatusOK, URL: found.URL, Note: "updated #" + strconv.Itoa(found.Number)}, nil
}

// sorted says what follows from an error of GitHub's.
func sorted(do rule.Do, err error, now time.Time) error {
	var e *hub.Error
	if !errors.As(err, &e) {
		return err
	}
	f := &Error{Verdict: Dead, Status: e.Status, Err: err}
	if e.Until.After(now) {
		f.After = e.Until.Sub(now)
	}
	switch e.Kind {
	case hub.KindUnauthorized, hub.KindPermission:
		f.Verdict = Pause
	case hub.KindRateLimited, hub.KindServer, hub.KindNetwork:
		f.Verdict = Retry
	case hub.KindOther:
		if e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooManyRequests || e.Status == 0 {
			f.Verdict = Retry
		}
	}
	if e.Ambiguous && f.Verdict == Retry && !Idempotent(do) {
		f.Verdict = Unknown
	}
	return f
}
