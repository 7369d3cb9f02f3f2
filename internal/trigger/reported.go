package trigger

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/origin"
	"github.com/afterdeploy/afterdeploy/internal/report"
)

// reported ends a dry run about a service's report: its outputs are what the
// workflow is after. It need not be about a deployment, so what would be sent
// is not shown, and what a call would need is not asked for.
func (r *run) reported(said origin.Reported) *deploy.Ending {
	r.res.Reasons = nil
	if said.URL != "" {
		r.stepsTold = append(r.stepsTold, report.Step{Title: "Where it can be seen", URL: said.URL})
	}
	return ending(deploy.ReasonEventRead, fmt.Sprintf("%s reports %q (%s, %s): the outputs tell it, and nothing was sent.",
		cmp.Or(said.Service, "A service"), said.Title, said.Kind, cmp.Or(said.Status, "no status")))
}

// reportedOutputs are the outputs whose names begin with "event-".
func reportedOutputs(said *origin.Reported) map[string]string {
	if said == nil {
		return nil
	}
	values := map[string]string{
		"event-service": said.Service,
		"event-kind":    said.Kind,
		"event-status":  said.Status,
		"event-subject": said.Subject,
		"event-title":   said.Title,
		"event-url":     said.URL,
		"event-commit":  said.Commit,
		"event-branch":  said.Branch,
	}
	if said.PullRequest > 0 {
		values["event-pull-request"] = strconv.Itoa(said.PullRequest)
	}
	return values
}
