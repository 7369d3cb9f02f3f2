package trigger

import (
	"context"
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/origin"
)

// mostRedeploys is how many deployments to one environment are looked through
// for one that is not inactive.
const mostRedeploys = 10

// deployed lists the newest deployment of the commit to each environment. One
// that became inactive gives way to an older one that did not: a host may have
// gone back to that.
func (f *finder) deployed(ctx context.Context) ([]candidate, error) {
	list, err := f.api.Deployments(ctx, f.repository, f.sha)
	if err != nil {
		return nil, err
	}
	var found []candidate
	var order []string
	of := map[string][]hub.Deployment{}
	for _, d := range list {
		name := strings.ToLower(d.Environment)
		if of[name] == nil {
			order = append(order, name)
		}
		of[name] = append(of[name], d)
	}
	for _, name := range order {
		c, err := f.newest(ctx, of[name])
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, nil
}

// newest is the newest of an environment's deployments, newest first, that is
// not inactive. If all are, none is meant.
func (f *finder) newest(ctx context.Context, list []hub.Deployment) (candidate, error) {
	meant := len(f.environments) == 0 || deploy.MatchAny(f.environments, list[0].Environment)
	var first candidate
	for i, d := range list[:min(len(list), mostRedeploys)] {
		statuses, err := f.api.DeploymentStatuses(ctx, f.repository, d.ID)
		if err != nil {
			return candidate{}, err
		}
		c := deployment(d, statuses)
		c.meant = meant && c.state != deploy.Cancelled
		if i == 0 {
			first = c
		}
		if c.meant || !meant {
			return c, nil
		}
	}
	return first, nil
}

// deployment is a candidate by its newest status. Hosts make a deployment first
// and report on it later.
func deployment(d hub.Deployment, statuses []hub.DeploymentStatus) candidate {
	from := fmt.Sprintf("deployment %d", d.ID)
	c := candidate{
		name: d.Environment, word: "no status yet", state: deploy.InProgress,
		found: origin.Found{From: from, Environment: d.Environment},
	}
	if len(statuses) == 0 {
		return c
	}
	s := statuses[0]
	c.found.EnvironmentURL, c.found.TargetURL = s.EnvironmentURL, s.TargetURL
	c.said, c.log, c.word = s.Description, s.LogURL, s.State
	c.state = known(s.State)
	return c
}

// reported lists the commit's newest status under each context.
func (f *finder) reported(ctx context.Context) ([]candidate, error) {
	list, err := f.api.Statuses(ctx, f.repository, f.sha)
	found := make([]candidate, 0, len(list))
	for _, s := range list {
		found = append(found, candidate{
			name: s.Context, word: s.State, said: s.Description, log: s.TargetURL, state: known(s.State),
			meant: f.context.Match(s.Context),
			found: origin.Found{From: fmt.Sprintf("status %q", s.Context), TargetURL: s.TargetURL},
		})
	}
	return found, err
}

// known reads a state of GitHub's. A word that nobody knows is one to wait for.
func known(word string) deploy.State {
	state, err := deploy.ParseState(word)
	if err != nil {
		return deploy.InProgress
	}
	return state
}
