package trigger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/report"
)

// snapshot remembers which results are on the commit before the call, since the
// service names none that belong to it.
func (r *run) snapshot(ctx context.Context) *deploy.Ending {
	if !r.in.WaitForResult || r.res.Deployment.State != deploy.Success {
		return nil
	}
	api, err := r.github()
	if err != nil {
		return ending(deploy.ReasonInvalidInput, deploy.Sentence("wait-for-result needs GitHub's API, and "+err.Error()))
	}
	sha, err := r.commit()
	if err != nil {
		return ending(deploy.ReasonNoRef, deploy.Sentence(err.Error()))
	}
	r.gated = &gate{
		api: api, repository: r.res.Deployment.Repository, sha: sha,
		app: r.in.ResultApp, name: r.in.ResultName,
		ownRun: "/actions/runs/" + r.res.Context.RunID, ownContext: r.in.CommitStatus,
		settle: r.in.ResultSettle, appear: r.in.ResultAppear,
	}
	r.tellDeployment()
	err = r.watch(api, "the results that are on "+short(sha)+" already").until(ctx, r.gated.remember)
	switch {
	case err == nil:
		return nil
	case final(err):
		return r.refused(err, deploy.ReasonDeadline)
	}
	return ending(deploy.ReasonDeadline, "GitHub had not told which results are on the commit already, so nothing was sent.")
}

// gate waits for the results on the commit.
func (r *run) gate(ctx context.Context) *deploy.Ending {
	if r.gated == nil {
		return nil
	}
	api, err := r.github()
	if err != nil {
		return ending(deploy.ReasonNoResult, deploy.Sentence(err.Error()))
	}
	r.runner.Group("Waiting for the result")
	r.gated.opened = time.Now()
	err = r.watch(api, r.gated.wanted()).until(ctx, r.gated.look)
	r.runner.EndGroup()
	r.stepsTold = append(r.stepsTold, r.gated.told())
	switch {
	case r.gated.end != nil:
		return r.gated.end
	case final(err):
		return ending(deploy.ReasonNoResult, deploy.Sentence(err.Error()))
	}
	return r.gated.late()
}

// resultAPI is what a gate asks of GitHub.
type resultAPI interface {
	CheckRuns(ctx context.Context, repository, ref string) ([]hub.CheckRun, error)
	Statuses(ctx context.Context, repository, ref string) ([]hub.Status, error)
}

// gate waits until the results on a commit are complete and no more appear.
type gate struct {
	api             resultAPI
	repository, sha string
	app, name       deploy.Glob
	// ownRun is part of the addresses of this run's own jobs, ownContext the
	// commit status it sets itself: to wait for those would never end.
	ownRun, ownContext string
	settle, appear     time.Duration

	before map[string]string // marks of what was there before the call
	opened time.Time
	// results are those that count, as the last look saw them, and changed is
	// when they last looked different.
	results []result
	changed time.Time
	end     *deploy.Ending
}

func (g *gate) wanted() string {
	return fmt.Sprintf("results of %s named %s on %s", g.app, g.name, short(g.sha))
}

// list returns everything on the commit that matches.
func (g *gate) list(ctx context.Context) ([]result, error) {
	checks, err := g.api.CheckRuns(ctx, g.repository, g.sha)
	if err != nil {
		return nil, err
	}
	statuses, err := g.api.Statuses(ctx, g.repository, g.sha)
	if err != nil {
		return nil, err
	}
	var found []result
	for _, c := range checks {
		own := strings.Contains(c.URL+"/", g.ownRun+"/") || strings.Contains(c.DetailsURL+"/", g.ownRun+"/")
		if !own && g.app.Match(c.App) && g.name.Match(c.Name) {
			found = append(found, ofCheck(c))
		}
	}
	for _, s := range statuses {
		own := g.ownContext != "" && strings.EqualFold(s.Context, g.ownContext)
		if !own && g.app.Match(strings.TrimSuffix(s.Creator, "[bot]")) && g.name.Match(s.Context) {
			found = append(found, ofStatus(s))
		}
	}
	return found, nil
}

// remember takes the snapshot.
func (g *gate) remember(ctx context.Context) (sight, error) {
	list, err := g.list(ctx)
	if err != nil {
		return sight{}, err
	}
	g.before = map[string]string{}
	for _, r := range list {
		g.before[r.key] = r.mark
	}
	return sight{text: counted(len(list), "result") + " on the commit before the call", done: true}, nil
}

// look asks once, and ends the wait where all is settled or nothing appears.
func (g *gate) look(ctx context.Context) (sight, error) {
	list, err := g.list(ctx)
	if err != nil {
		return sight{}, err
	}
	var counting []result
	for _, r := range list {
		if mark, known := g.before[r.key]; !known || mark != r.mark {
			counting = append(counting, r)
		}
	}
	if differ(g.results, counting) {
		g.changed = time.Now()
	}
	g.results = counting
	return g.decide(), nil
}

func (g *gate) decide() sight {
	open, waited := pending(g.results), time.Since(g.opened)
	switch {
	case len(g.results) == 0 && waited >= g.appear:
		g.end = ending(deploy.ReasonNoResult, fmt.Sprintf("Nothing appeared on %s in %s that counts as a result (%s).", short(g.sha), report.Duration(g.appear), g.wanted()))
		return sight{text: "none", done: true}
	case len(g.results) == 0:
		return sight{text: "none yet", next: g.appear - waited}
	case len(open) > 0:
		return sight{text: tally(g.results) + " (" + names(open) + ")"}
	}
	if quiet := time.Since(g.changed); quiet < g.settle {
		return sight{text: tally(g.results) + ", more may come", next: g.settle - quiet}
	}
	g.end = verdict(g.results)
	return sight{text: tally(g.results), done: true}
}

// late is the ending of a wait that was not over.
func (g *gate) late() *deploy.Ending {
	open := pending(g.results)
	switch {
	case len(g.results) == 0:
		return ending(deploy.ReasonDeadline, fmt.Sprintf("Nothing had appeared on %s yet that counts as a result (%s).", short(g.sha), g.wanted()))
	case len(open) == 0:
		return ending(deploy.ReasonDeadline, "More results might have come: "+tally(g.results)+".")
	}
	end := ending(deploy.ReasonDeadline, "The tests were not over: "+tally(g.results)+".")
	end.Details = linesOf(open)
	return end
}

// told is what the summary says about the gate.
func (g *gate) told() report.Step {
	return report.Step{Title: tally(g.results), Lines: linesOf(g.results), URL: g.url()}
}
