// Package enrich asks the services for what their webhooks leave out: Bitrise's
// name neither commit nor repository, Currents' tell of one group of a run.
package enrich

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/currents"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// Enricher asks the services.
type Enricher struct {
	// HTTP leaves through the relay's proxy and certificates.
	HTTP *http.Client
}

// Enrich returns a source's event with what the service's API adds, if the
// source has a token to ask with. An error is worth another try, and the event
// beside it is as far as it is known. What no other try would mend is noted in
// the event's field "api".
func (r Enricher) Enrich(ctx context.Context, c source.Config, e event.Event) (event.Event, error) {
	switch {
	case c.APIToken.IsZero():
	case c.Service == source.Bitrise && e.Kind == event.KindBuild:
		return build(ctx, &bitrise.Client{HTTP: r.HTTP, BaseURL: c.APIURL, Token: c.APIToken}, e)
	case c.Service == source.Currents && e.Fields["run"] != "":
		return run(ctx, &currents.Client{HTTP: r.HTTP, BaseURL: c.APIURL, Key: c.APIToken}, e, c.Aggregate)
	}
	return e, nil
}

// build adds a build's commit and repository. The status stays that of the
// webhook: the build may have gone on since.
func build(ctx context.Context, api *bitrise.Client, e event.Event) (event.Event, error) {
	b, err := api.Build(ctx, e.Fields["app"], e.Fields["build"])
	if err != nil {
		return note(e, err)
	}
	if ref, err := deploy.ParseCommit(b.CommitHash); err == nil {
		e.Commit = ref.Commit()
	}
	if ref, err := deploy.ParseBranch(b.Branch); err == nil && e.Branch == "" {
		e.Branch = ref.Branch()
	}
	if e.PullRequest == 0 {
		e.PullRequest = max(b.PullRequest, 0)
	}
	if e.Workflow == "" {
		e.Workflow = b.Workflow
	}
	if e.Repository != "" {
		return e, nil
	}
	app, err := api.App(ctx, e.Fields["app"])
	if err != nil {
		return note(e, err)
	}
	if app.RepoOwner != "" && app.RepoName != "" && !strings.Contains(app.RepoOwner+app.RepoName, "/") {
		e.Repository = app.RepoOwner + "/" + app.RepoName
	}
	return e, nil
}

// run adds what the whole run says. With aggregate, the event becomes one of
// the run and not of a group, so that one green group is no green run, not even
// where the API does not answer.
func run(ctx context.Context, api *currents.Client, e event.Event, aggregate bool) (event.Event, error) {
	r, err := api.Run(ctx, e.Fields["run"])
	if err != nil {
		if aggregate && e.Fields["group"] != "" && e.Status == event.StatusSuccess {
			e.Status = event.StatusUnknown
			e.Title += ", and the other groups are not known"
		}
		return note(e, err)
	}
	if ref, err := deploy.ParseCommit(r.Meta.Commit.SHA); err == nil && e.Commit == "" {
		e.Commit = ref.Commit()
	}
	if ref, err := deploy.ParseBranch(r.Meta.Commit.Branch); err == nil && e.Branch == "" {
		e.Branch = ref.Branch()
	}
	if aggregate && e.Fields["group"] != "" {
		e = whole(e, r)
	}
	return e, nil
}

// whole makes a group's event one of its run.
func whole(e event.Event, r currents.Run) event.Event {
	e.Fields = maps.Clone(e.Fields)
	delete(e.Fields, "group")
	tests, state := r.Tests(), r.State()
	e.Counts = event.Counts{
		Overall: tests.Overall, Passed: tests.Passes, Failed: tests.Failures,
		Pending: tests.Pending, Skipped: tests.Skipped, Flaky: tests.Flaky,
	}
	e.Status = map[currents.State]event.Status{
		currents.Running: event.StatusPending, currents.Passed: event.StatusSuccess, currents.Failed: event.StatusFailure,
		currents.Cancelled: event.StatusCancelled, currents.TimedOut: event.StatusTimedOut, currents.Unknown: event.StatusUnknown,
	}[state]
	e.Title = fmt.Sprintf("Currents run, %d groups: %s, %d failed, %d passed", len(r.Groups), state, tests.Failures, tests.Passes)
	return e
}

// note keeps an error that another try would not mend in the event, and returns
// the others.
func note(e event.Event, err error) (event.Event, error) {
	var refused *outbound.APIError
	if errors.As(err, &refused) && !refused.Temporary() {
		e.Fields = maps.Clone(e.Fields)
		e.Fields["api"] = err.Error()
		return e, nil
	}
	return e, err
}
