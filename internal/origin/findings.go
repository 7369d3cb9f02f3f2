package origin

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// findings is what an origin tells about the deployment, before the user has
// had a say.
type findings struct {
	state       field[deploy.State]
	commit      field[deploy.Ref]
	branch      field[deploy.Ref]
	environment field[string]
	site        field[string]
	pull        field[int]
	repository  field[string]
	reported    *Reported

	// preview says why a deployment without a named environment is a preview.
	preview string
	// atTip tells that the commit is what the branch points at.
	atTip bool
	// elsewhere tells that the commit is another repository's.
	elsewhere bool
	// stop ends the run unless the user names a commit or branch.
	stop *deploy.Ending

	// runCommit and runBranch are what the CI calls the run's own. That they
	// are often not what was deployed is the classical mistake.
	runCommit, runBranch string

	context  Context
	warnings []string
}

// setBranch keeps the branch's name also where it must not be sent.
func (f *findings) setBranch(claims ...claim) {
	f.branch = first(deploy.ParseBranch, claims...)
	f.context.Branch = f.branch.value.Branch()
}

// gone is the stop of an event that tells of a deletion.
func gone(sentence string) *deploy.Ending {
	ending := deploy.End(deploy.ReasonBranchDeleted, sentence)
	return &ending
}

// refused is the stop of an event that has no commit of its own.
func refused(sentence, next string) *deploy.Ending {
	ending := deploy.End(deploy.ReasonNoRef, sentence)
	ending.Next = next
	return &ending
}

// foreign keeps a fork's branch from being sent: in this repository the name
// means another branch, or none.
func (f *findings) foreign() {
	f.context.Fork = true
	if !f.branch.value.IsZero() {
		f.branch = field[deploy.Ref]{reason: fmt.Sprintf("%sthe branch %q is a fork's", none, f.branch.value.Branch())}
	}
}

// pullNumber reads the number of a pull request, alone or at the end of its
// address or ref ("pr/12").
func pullNumber(text string) (int, error) {
	found := regexp.MustCompile(`^(?:pr/|\S*/(?:pull|pulls|pull-requests|merge_requests)/)?([1-9][0-9]{0,8})$`).FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("%q is not a pull request's number", text)
	}
	return strconv.Atoi(found[1])
}

// repositoryName accepts GitHub's "owner/name".
func repositoryName(text string) (string, error) {
	if !regexp.MustCompile(`^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$`).MatchString(text) || strings.Contains(text, "..") {
		return "", fmt.Errorf("%q is not a repository: want owner/name", text)
	}
	return text, nil
}

// onGitHubDotCom accepts the address from which a repository of github.com is
// cloned, by HTTPS or SSH, and returns its "owner/name".
func onGitHubDotCom(address string) (string, error) {
	found := regexp.MustCompile(`^(?:https://(?:[^/@\s]*@)?|git@|ssh://git@)github\.com[:/]([^/\s]+/[^/\s]+?)(?:\.git)?/?$`).FindStringSubmatch(address)
	if found == nil {
		return "", errors.New("not a repository on github.com")
	}
	return repositoryName(found[1])
}
