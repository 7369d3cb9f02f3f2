package trigger

import (
	"context"
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/origin"
)

// finds reports whether the deployment, and so its URL, has yet to be looked
// for. An event that names both needs no search, nor does a deployment that is
// not live.
func (r *run) finds() bool {
	named := r.res.Context.DeploymentID != 0 && r.res.Deployment.URL != ""
	return (r.in.FindDeployment || r.in.FindStatus != nil) && !r.looked && !named && r.res.Deployment.State == deploy.Success
}

// findsEnvironment reports whether that search will tell the environment too.
func (r *run) findsEnvironment() bool { return r.in.FindDeployment && r.finds() }

// find looks for the commit's deployment and waits until it is live.
func (r *run) find(ctx context.Context) *deploy.Ending {
	if !r.finds() {
		return nil
	}
	api, err := r.github()
	if err != nil {
		return ending(deploy.ReasonInvalidInput, deploy.Sentence("find-deployment and find-status need GitHub's API, and "+err.Error()))
	}
	sha, err := r.commit()
	if err != nil {
		return ending(deploy.ReasonNoRef, deploy.Sentence(err.Error()))
	}
	f := finder{api: api, repository: r.res.Deployment.Repository, sha: sha, environments: r.in.Environments, context: r.in.FindStatus}
	r.runner.Group("Finding the deployment")
	defer r.runner.EndGroup()
	err = r.watch(api, f.wanted()).until(ctx, f.look)
	switch {
	case f.end != nil:
		return f.end
	case f.found != nil:
		return r.takeFound(ctx, *f.found)
	case final(err):
		return r.refused(err, deploy.ReasonDeploymentNotFound)
	}
	return f.late()
}

// takeFound completes the deployment by what was found.
func (r *run) takeFound(ctx context.Context, found origin.Found) *deploy.Ending {
	r.res = r.res.With(found, r.given())
	if r.res.Deployment.URL == "" {
		return ending(deploy.ReasonNoURL, fmt.Sprintf("The host reported success for %s, but no URL (%s).", found.From, r.res.Reasons[deploy.FieldURL]))
	}
	r.runner.Log(fmt.Sprintf("Found %s: %s", found.From, r.res.Deployment.URL))
	r.looked = true
	return r.decide(ctx) // again, now that environment and URL are known
}

// deploymentAPI is what a finder asks of GitHub.
type deploymentAPI interface {
	Deployments(ctx context.Context, repository, sha string) ([]hub.Deployment, error)
	DeploymentStatuses(ctx context.Context, repository string, deployment int64) ([]hub.DeploymentStatus, error)
	Statuses(ctx context.Context, repository, ref string) ([]hub.Status, error)
}

// finder looks for the one deployment of a commit that is meant.
type finder struct {
	api             deploymentAPI
	repository, sha string
	environments    []deploy.Glob
	context         *deploy.Glob // of a commit status, instead of a deployment

	seen  []candidate // by the last look, those that are not meant too
	found *origin.Found
	end   *deploy.Ending
}

// candidate is what may be the deployment that is meant.
type candidate struct {
	found origin.Found
	// name is the environment, or a status's context.
	name  string
	state deploy.State
	// word is the state as the host says it, said what it says about it, log
	// where to look.
	word, said, log string
	meant           bool
}

// String is a line of a list.
func (c candidate) String() string {
	text := fmt.Sprintf("%s (%s): %s", c.name, c.found.From, c.word)
	if c.said != "" {
		text += ", " + c.said
	}
	return text
}

func (f *finder) wanted() string {
	switch {
	case f.context != nil:
		return fmt.Sprintf("a successful status %s on %s", f.context, short(f.sha))
	case len(f.environments) > 0:
		return fmt.Sprintf("a successful deployment of %s to %s", short(f.sha), patterns(f.environments))
	}
	return "a successful deployment of " + short(f.sha)
}

// look asks once, and decides.
func (f *finder) look(ctx context.Context) (sight, error) {
	list := f.deployed
	if f.context != nil {
		list = f.reported
	}
	seen, err := list(ctx)
	if err != nil {
		return sight{}, err
	}
	f.seen = seen
	return f.decide(), nil
}

// decide ends the wait where there is one live deployment, where that failed,
// or where nothing says which of several is meant.
func (f *finder) decide() sight {
	var meant []candidate
	for _, c := range f.seen {
		if c.meant {
			meant = append(meant, c)
		}
	}
	switch {
	case len(meant) == 0 && len(f.seen) == 0:
		return sight{text: "none yet"}
	case len(meant) == 0:
		return sight{text: "none yet that is meant; there is " + strings.Join(lines(f.seen), "; ")}
	case len(meant) > 1:
		f.end = ending(deploy.ReasonSeveralDeployments, fmt.Sprintf("%d deployments of %s match.", len(meant), short(f.sha)))
		f.end.Details = lines(meant)
		return sight{text: fmt.Sprintf("%d match", len(meant)), done: true}
	}
	only := meant[0]
	switch only.state {
	case deploy.Success:
		f.found = &only.found
	case deploy.Error:
		f.end = ending(deploy.ReasonDeploymentFailed, fmt.Sprintf("The host reported %s for %s.", only.word, only.name))
		if detail := strings.TrimSpace(only.said + " " + only.log); detail != "" {
			f.end.Details = []string{detail}
		}
	case deploy.InProgress, deploy.Cancelled:
	}
	return sight{text: only.String(), done: f.found != nil || f.end != nil}
}

// late is the ending of a wait that was not over.
func (f *finder) late() *deploy.Ending {
	end := ending(deploy.ReasonDeploymentNotFound, deploy.Sentence("the run waited to the end for "+f.wanted()))
	if len(f.seen) == 0 {
		end.Details = []string{"GitHub knows none of this commit: does the host report deployments (else see find-status), and of this commit?"}
		return end
	}
	end.Details = lines(f.seen)
	return end
}

func lines(candidates []candidate) []string {
	all := make([]string, len(candidates))
	for i, c := range candidates {
		all[i] = c.String()
	}
	return all
}

// short is a commit as people write it.
func short(sha string) string { return sha[:min(len(sha), 7)] }
