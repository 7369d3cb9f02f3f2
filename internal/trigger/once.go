package trigger

import (
	"context"
	"fmt"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/hub"
)

// once skips a success that the deployment already had: hosts repeat statuses,
// and every test run costs. Where that cannot be found out, it tests.
func (r *run) once(ctx context.Context) *deploy.Ending {
	c, d := r.res.Context, r.res.Deployment
	if !r.in.Once || c.Event != "deployment_status" || d.State != deploy.Success ||
		c.DeploymentID == 0 || c.RunAttempt > 1 || r.in.GitHubToken.IsZero() {
		return nil
	}
	api, err := r.github()
	if err == nil {
		var statuses []hub.DeploymentStatus
		statuses, err = api.DeploymentStatuses(ctx, d.Repository, c.DeploymentID)
		if earlier := repeated(statuses, c.StatusID); err == nil && earlier != nil {
			return ending(deploy.ReasonAlreadyLive, fmt.Sprintf(
				"Deployment %d was reported as a success before, at %s, with the same URL.", c.DeploymentID, earlier.Created.UTC().Format("15:04:05 MST")))
		}
	}
	if err != nil {
		r.degrade("Whether this success repeats an earlier one is not known, so it is tested (once: false does not ask)", err)
	}
	return nil
}

// repeated finds a success of the deployment that is older than the current one
// and has the same URL. Of two that are reported at the same moment, each run
// sees both; the order of their ids decides.
func repeated(statuses []hub.DeploymentStatus, current int64) *hub.DeploymentStatus {
	var now *hub.DeploymentStatus
	for i, s := range statuses {
		if s.ID == current {
			now = &statuses[i]
		}
	}
	if now == nil {
		return nil
	}
	for i, s := range statuses {
		if s.ID < current && s.State == "success" && siteOf(s) == siteOf(*now) {
			return &statuses[i]
		}
	}
	return nil
}

// siteOf is where a status says the application is. Hosts that fill in only the
// old field are compared by that.
func siteOf(s hub.DeploymentStatus) string {
	if s.EnvironmentURL != "" {
		return s.EnvironmentURL
	}
	return s.TargetURL
}
