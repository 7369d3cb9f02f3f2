package trigger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/ci"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/report"
)

// report gathers what there is to tell.
func (r *run) report() report.Run {
	return report.Run{
		Ending: r.end, Deployment: r.res.Deployment, Reasons: r.res.Reasons,
		ProjectID: r.project, ProjectReason: r.projectReason, CorrelationID: r.correlation,
		Status: r.call.Status, APIStatus: r.call.Reply.Status, APIMessage: r.call.Reply.Message, APICode: r.call.Reply.Code,
		Attempts: r.call.Attempts, Duration: time.Since(r.started),
		Steps: r.stepsTold, Notes: r.notes, Warnings: r.warnings,
	}
}

// The time for telling, at the end of a run and after a signal.
const (
	publishing = 20 * time.Second
	hurried    = 5 * time.Second
)

// tell writes outputs, annotations and summary, though the run's own time be
// up, and returns the exit code. The outputs come first: after a signal there
// is little time.
func (r *run) tell(ctx context.Context) int {
	limit := publishing
	if ctx.Err() != nil {
		limit = hurried
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	r.setOutputs(ctx)
	r.tellDeployment()
	r.annotate()
	r.runner.Log(fmt.Sprintf("Outcome: %s (%s). %s", r.end.Outcome, r.end.Reason, r.end.Sentence+details(r.end)))
	r.publish(ctx)
	r.summarize(ctx)
	return r.exitCode()
}

// summarize shows the summary where the CI has a place for it, else in the log.
func (r *run) summarize(ctx context.Context) {
	if !r.in.Summary {
		return
	}
	text := report.Markdown(r.report())
	shown, err := r.ci.Summarize(ctx, r.style(), text)
	if err != nil {
		r.runner.Notice("afterdeploy: summary", "The build has no annotation: "+err.Error())
	}
	if shown {
		return
	}
	if err := r.runner.Summarize(text); err != nil {
		r.runner.Warning("afterdeploy: summary", err.Error())
	}
}

// style is how an annotation of the run looks.
func (r *run) style() ci.Style {
	switch {
	case r.red():
		return ci.Error
	case r.end.Outcome.ExitCode() != 0:
		return ci.Warning
	case r.end.Outcome == deploy.Triggered, r.end.Outcome == deploy.Passed:
		return ci.Success
	}
	return ci.Info
}

// annotate tells what a person has to act on, or should look at.
func (r *run) annotate() {
	title := fmt.Sprintf("afterdeploy: %s (%s)", r.end.Outcome, r.end.Reason)
	text := r.end.Sentence + details(r.end)
	if r.end.Next != "" {
		text += "\n" + r.end.Next
	}
	switch {
	case r.red():
		r.runner.Error(title, text)
	case r.end.Outcome.ExitCode() != 0,
		r.end.Reason == deploy.ReasonUnknownState, r.end.Reason == deploy.ReasonServiceSkipped:
		r.runner.Warning(title, text)
	case r.end.Reason == deploy.ReasonNoKey:
		r.runner.Notice(title, text)
	}
	for _, warning := range r.warnings {
		r.runner.Warning("afterdeploy", warning)
	}
}

// details are an ending's details, a line each.
func details(end deploy.Ending) string {
	var b strings.Builder
	for _, detail := range end.Details {
		b.WriteString("\n  - " + detail)
	}
	return b.String()
}

// tellDeployment shows in the log, once, what was resolved, and why.
func (r *run) tellDeployment() {
	if r.shown || r.res.Reasons == nil {
		return
	}
	r.shown = true
	r.runner.Group("Deployment")
	r.runner.Log(report.Table(r.report()))
	for _, note := range r.notes {
		r.runner.Log("  note: " + note)
	}
	r.runner.EndGroup()
}

// explanation is what explain prints as text.
func (r *run) explanation() string {
	var b strings.Builder
	if r.res.Reasons != nil {
		b.WriteString(report.Table(r.report()) + "\n")
	}
	for _, note := range r.notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	for _, warning := range r.warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	fmt.Fprintf(&b, "decision: %s (%s). %s", r.end.Outcome, r.end.Reason, r.end.Sentence+details(r.end))
	if r.end.Next != "" {
		fmt.Fprintf(&b, "\nnext: %s", r.end.Next)
	}
	return b.String()
}
