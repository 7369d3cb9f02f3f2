package trigger

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/hub"
)

// atGitHub is what a run knows and did there.
type atGitHub struct {
	api    *hub.Client
	looked bool // for the deployment
	gated  *gate
	// statusBegun tells that the commit status is pending, statusRefused that
	// it could not be set.
	statusBegun, statusRefused bool
}

// github is the API of the GitHub that the run belongs to.
func (r *run) github() (*hub.Client, error) {
	switch {
	case r.api != nil:
		return r.api, nil
	case r.in.GitHubToken.IsZero():
		return nil, errors.New("there is no github-token")
	case r.res.Context.APIURL == "" || r.res.Deployment.Repository == "":
		return nil, errors.New("this run belongs to no repository on GitHub")
	}
	api, err := hub.New(hub.Options{
		HTTP: r.client, BaseURL: r.res.Context.APIURL, Auth: hub.Token(r.in.GitHubToken),
	})
	r.api = api
	return api, err
}

// commit is the whole hash of what was deployed, which GitHub's API wants.
func (r *run) commit() (string, error) {
	for _, sha := range []string{r.res.Deployment.Ref.Commit(), r.res.Context.Commit} {
		if deploy.IsFullSHA(sha) {
			return sha, nil
		}
	}
	return "", errors.New("the whole hash of the deployed commit is not known: want commit-sha with all its 40 digits")
}

// needs are the permissions for all that the run was asked to do at GitHub, so
// that a workflow is mended in one push.
func (r *run) needs() []hub.Permission {
	var needs []hub.Permission
	for _, n := range []struct {
		asked bool
		needs []hub.Permission
	}{
		{r.in.Once && r.res.Context.Event == "deployment_status", []hub.Permission{hub.ReadDeployments()}},
		{r.in.FindDeployment, []hub.Permission{hub.ReadDeployments()}},
		{r.in.FindStatus != nil, []hub.Permission{hub.ReadStatuses()}},
		{r.in.WaitForResult, []hub.Permission{hub.ReadChecks(), hub.ReadStatuses()}},
		{r.in.Comment, []hub.Permission{hub.WritePullRequests()}},
		{r.in.CommitStatus != "", []hub.Permission{hub.WriteStatuses()}},
	} {
		if n.asked {
			needs = append(needs, n.needs...)
		}
	}
	return needs
}

// permissions is the block that gives them.
func (r *run) permissions() string {
	return strings.TrimSpace(hub.PermissionsBlock(r.needs()...))
}

// denied reports whether more permissions may help. GitHub says "not found"
// where a token may not know of something.
func denied(err error) bool {
	switch hub.KindOf(err) {
	case hub.KindPermission, hub.KindUnauthorized, hub.KindNotFound:
		return true
	}
	return false
}

// final reports whether a wait ended with an error of GitHub's that no wait
// mends.
func final(err error) bool {
	var e *hub.Error
	return errors.As(err, &e)
}

// refused is the ending for such an error. Reason is for those that no
// permission mends either.
func (r *run) refused(err error, reason deploy.Reason) *deploy.Ending {
	if !denied(err) {
		return ending(reason, deploy.Sentence(err.Error()))
	}
	end := ending(deploy.ReasonPermission, deploy.Sentence(err.Error()))
	block := r.permissions()
	for line := range strings.Lines(block) {
		if scope, indented := strings.CutPrefix(line, "  "); indented {
			end.Details = append(end.Details, strings.TrimSpace(scope))
		}
	}
	r.runner.Log("The job's permissions have to be:\n" + block)
	return end
}

// degrade tells that something beside the matter could not be done.
func (r *run) degrade(what string, err error) {
	text := fmt.Sprintf("%s: %v.", what, err)
	if denied(err) {
		text += "\nThe job's permissions would have to be:\n" + r.permissions()
	}
	r.runner.Notice("afterdeploy", text)
	r.notes = append(r.notes, strings.ReplaceAll(text, "\n", " "))
}

// publish tells GitHub how the run ended.
func (r *run) publish(ctx context.Context) {
	if r.res.Reasons == nil {
		return // nothing is known about what was deployed
	}
	r.conclude(ctx)
	r.comment(ctx)
}

// watch is a wait of this run, told in the log.
func (r *run) watch(api *hub.Client, what string) *watch {
	return &watch{For: what, Tell: r.runner.Log, Counted: api.Counted}
}
