package trigger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/poll"
)

// pending sets the commit status at the start of a run that will have a result.
func (r *run) pending(ctx context.Context) *deploy.Ending {
	if r.in.CommitStatus != "" && r.res.Deployment.State == deploy.Success && !r.in.DryRun {
		r.statusBegun = true
		r.setStatus(ctx, "pending", "Waiting for the tests' result")
	}
	return nil
}

// conclude sets the commit status to the outcome.
func (r *run) conclude(ctx context.Context) {
	if r.in.CommitStatus == "" || r.statusRefused {
		return
	}
	state := statusOf(r.end)
	if r.end.Outcome == deploy.Skipped && !r.statusBegun && !r.statusFree(ctx) {
		return
	}
	if state != "" {
		r.setStatus(ctx, state, fmt.Sprintf("%s (%s): %s", r.end.Outcome, r.end.Reason, r.end.Sentence))
	}
}

// statusOf is the commit status for an ending, or "" for none. A skipped run is
// a success, so that a required check never hangs.
func statusOf(end deploy.Ending) string {
	switch end.Outcome {
	case deploy.Passed:
		return "success"
	case deploy.Skipped:
		if end.Reason == deploy.ReasonUnknownState {
			return "" // what is not known is never a success
		}
		return "success"
	case deploy.DryRun:
		return ""
	case deploy.Failed:
		return "failure"
	}
	return "error"
}

// statusFree reports whether a skipped run may set the commit status: not where
// the deployment is still under way, since the run of its final state sets it,
// and not over what another run found out.
func (r *run) statusFree(ctx context.Context) bool {
	if r.res.Deployment.State == deploy.InProgress {
		return false
	}
	api, err := r.github()
	if err != nil {
		return true // setting it will say the same
	}
	sha, err := r.commit()
	if err != nil {
		return true
	}
	list, err := api.Statuses(ctx, r.res.Deployment.Repository, sha)
	if err != nil {
		r.degrade("The commit status is left as it is, since it could not be read", err)
		return false
	}
	for _, s := range list {
		if strings.EqualFold(s.Context, r.in.CommitStatus) {
			return false
		}
	}
	return true
}

// setStatus sets the commit status. What passes is tried again: a status left
// at pending holds a pull request up.
func (r *run) setStatus(ctx context.Context, state, description string) {
	api, err := r.github()
	if err == nil {
		var sha string
		if sha, err = r.commit(); err == nil {
			err = postStatus(ctx, api, r.res.Deployment.Repository, sha, hub.Status{
				Context: r.in.CommitStatus, State: state, Description: description, TargetURL: r.res.Context.RunURL,
			})
		}
	}
	if err != nil {
		r.statusRefused = true
		r.degrade("The commit status "+r.in.CommitStatus+" was not set to "+state, err)
	}
}

// statusAPI is what setting a commit status asks of GitHub.
type statusAPI interface {
	CreateStatus(ctx context.Context, repository, sha string, s hub.Status) error
}

// statusTries is how often a commit status is tried to be set.
const statusTries = 3

func postStatus(ctx context.Context, api statusAPI, repository, sha string, s hub.Status) error {
	tries := 0
	var last error
	err := poll.Until(ctx, poll.Exponential(time.Second, 4*time.Second), func(ctx context.Context) (bool, error) {
		tries++
		last = api.CreateStatus(ctx, repository, sha, s)
		asked, passes := passing(last)
		return last == nil || !passes || asked > 0 || tries == statusTries, nil
	})
	if last != nil {
		return last
	}
	return err
}
