package hub

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/go-github/v60/github"
)

// Deployment is a deployment of a commit.
type Deployment struct {
	ID          int64
	SHA         string
	Ref         string
	Environment string
	Creator     string
	Created     time.Time
}

// DeploymentStatus is one report on a deployment.
type DeploymentStatus struct {
	ID int64
	// State is error, failure, inactive, in_progress, queued, pending or
	// success.
	State string
	// Environment may differ from the deployment's: a status can rename it.
	Environment string
	// EnvironmentURL is the deployed site; LogURL is the deployment's output;
	// TargetURL is its old name, where some hosts put the site.
	EnvironmentURL, LogURL, TargetURL string
	Description                       string
	Created                           time.Time
}

// Deployments lists all deployments of a commit, newest first.
func (c *Client) Deployments(ctx context.Context, repository, sha string) ([]Deployment, error) {
	var found []Deployment
	op := operation{"list deployments", ReadDeployments()}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		list, err := all(func(at github.ListOptions) ([]*github.Deployment, *github.Response, error) {
			return api.Repositories.ListDeployments(ctx, owner, name, &github.DeploymentsListOptions{SHA: sha, ListOptions: at})
		})
		for _, d := range list {
			found = append(found, Deployment{
				ID: d.GetID(), SHA: d.GetSHA(), Ref: d.GetRef(), Environment: d.GetEnvironment(),
				Creator: d.GetCreator().GetLogin(), Created: d.GetCreatedAt().Time,
			})
		}
		return err
	})
	slices.SortStableFunc(found, func(a, b Deployment) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	return found, err
}

// DeploymentStatuses lists all statuses of a deployment, newest first.
func (c *Client) DeploymentStatuses(ctx context.Context, repository string, deployment int64) ([]DeploymentStatus, error) {
	var found []DeploymentStatus
	op := operation{"list deployment statuses", ReadDeployments()}
	err := c.call(ctx, op, repository, func(api *github.Client, owner, name string) error {
		list, err := all(func(at github.ListOptions) ([]*github.DeploymentStatus, *github.Response, error) {
			return api.Repositories.ListDeploymentStatuses(ctx, owner, name, deployment, &at)
		})
		for _, s := range list {
			found = append(found, DeploymentStatus{
				ID: s.GetID(), State: s.GetState(), Environment: s.GetEnvironment(),
				EnvironmentURL: s.GetEnvironmentURL(), LogURL: s.GetLogURL(), TargetURL: s.GetTargetURL(),
				Description: s.GetDescription(), Created: s.GetCreatedAt().Time,
			})
		}
		return err
	})
	slices.SortStableFunc(found, func(a, b DeploymentStatus) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	return found, err
}
