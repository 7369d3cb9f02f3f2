package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
)

// tests starts test runs.
type tests struct {
	client       bugster.Client
	organization string
	project      string
}

func newTests(client *http.Client, c rule.TargetConfig) (Target, error) {
	endpoint, err := bugster.Endpoint(cmp.Or(c.APIURL, bugster.DefaultBase))
	if err != nil {
		return nil, err
	}
	if err := bugster.CheckKey(c.APIKey); err != nil {
		return nil, err
	}
	return tests{
		// One try: the schedule of deliveries is longer than any budget here,
		// and outlives the process.
		client:       bugster.Client{HTTP: client, Endpoint: endpoint, Key: c.APIKey, Tries: 1, Random: func() float64 { return 0 }},
		organization: c.OrganizationID, project: c.ProjectID,
	}, nil
}

// Deliver implements [Target].
func (t tests) Deliver(ctx context.Context, a rule.Action) (Result, error) {
	if a.Do != rule.Trigger || a.Trigger == nil {
		return Result{}, missing(a, rule.TargetBugster)
	}
	deployment, err := deploymentOf(*a.Trigger)
	if err != nil {
		return Result{}, &Error{Verdict: Dead, Err: err}
	}
	got, err := t.client.Trigger(ctx, bugster.Event{
		Deployment:     deployment,
		ProjectID:      cmp.Or(a.Trigger.ProjectID, t.project),
		OrganizationID: t.organization,
		CorrelationID:  a.ID,
	})
	if err != nil {
		return Result{}, &Error{Verdict: Dead, Err: err} // it could not be written, so it never left
	}
	if verdict, ok := verdictOf(got.Ending, got.Status); !ok {
		return Result{}, &Error{Verdict: verdict, Status: got.Status, After: got.RetryAfter, Err: errors.New(got.Ending.Sentence)}
	}
	return Result{Status: got.Status, Note: got.Ending.Sentence}, nil
}

func deploymentOf(s rule.TriggerSpec) (deploy.Deployment, error) {
	var (
		ref deploy.Ref
		err error
	)
	if s.Commit != "" {
		ref, err = deploy.ParseCommit(s.Commit)
	} else {
		ref, err = deploy.ParseBranch(s.Branch)
	}
	if err != nil {
		return deploy.Deployment{}, fmt.Errorf("trigger tests: %w", err)
	}
	return deploy.Deployment{
		State: deploy.State(s.State), Ref: ref, Environment: s.Environment, URL: s.EnvironmentURL,
	}, nil
}

// verdictOf reports whether a call ended well, and else what follows. The
// service may well take a deployment and run nothing; that is its answer.
func verdictOf(end deploy.Ending, status int) (v Verdict, ok bool) {
	if status == http.StatusRequestTimeout {
		return Retry, false // the service gave up waiting for the request
	}
	switch end.Outcome {
	case deploy.Triggered, deploy.Skipped:
		return "", true
	case deploy.Unknown:
		return Unknown, false
	}
	switch end.Reason {
	case deploy.ReasonUnauthorized, deploy.ReasonForbidden:
		return Pause, false
	case deploy.ReasonDNS, deploy.ReasonConnect, deploy.ReasonTLS, deploy.ReasonRateLimited, deploy.ReasonBusy:
		return Retry, false
	}
	return Dead, false
}
