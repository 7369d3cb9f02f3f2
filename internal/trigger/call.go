package trigger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/report"
)

// event is what is told to the service.
func (r *run) event() bugster.Event {
	return bugster.Event{
		Deployment: r.res.Deployment, ProjectID: r.project,
		OrganizationID: r.in.OrganizationID, CorrelationID: r.correlation,
	}
}

// trigger calls the service.
func (r *run) trigger(ctx context.Context) *deploy.Ending {
	r.tellDeployment()
	host := r.endpoint
	if u, err := url.Parse(r.endpoint); err == nil {
		host = u.Host
	}
	r.runner.Log("Calling " + host + " for project " + r.project)
	retries := 0
	if r.in.RetryAmbiguous {
		retries = 1
	}
	client := bugster.Client{
		HTTP: r.client, Endpoint: r.endpoint, Key: r.in.APIKey,
		AmbiguousRetries: retries, Random: r.Random, Observe: r.logAttempt,
	}
	var err error
	r.call, err = client.Trigger(ctx, r.event())
	if err != nil {
		return ending(deploy.ReasonInvalidInput, err.Error())
	}
	if r.gated != nil && r.call.Ending.Outcome == deploy.Triggered {
		return nil
	}
	return &r.call.Ending
}

func (r *run) logAttempt(a outbound.Attempt) {
	line := fmt.Sprintf("  try %d: %s after %s", a.Number, report.CameOf(a), report.Duration(a.Took))
	if a.Wait > 0 {
		line += "; again in " + report.Duration(a.Wait)
	}
	r.runner.Log(line)
}

// correlation is the same for every attempt of one step in one run attempt, so
// that calls which belong together can be told apart from repeated ones. It
// says nothing about its parts. Outside a CI it is random.
func correlation(getenv func(string) string, e bugster.Event) string {
	if getenv("GITHUB_RUN_ID") == "" {
		return "ad-" + strings.ToLower(rand.Text())
	}
	d := e.Deployment
	sum := sha256.New()
	for _, part := range []string{
		getenv("GITHUB_REPOSITORY"), getenv("GITHUB_RUN_ID"), getenv("GITHUB_RUN_ATTEMPT"),
		getenv("GITHUB_JOB"), getenv("GITHUB_ACTION"),
		e.ProjectID, d.Ref.Commit(), d.Ref.Branch(), d.Environment, d.URL, string(d.State),
	} {
		fmt.Fprintf(sum, "%d:%s,", len(part), part)
	}
	return "ad-" + hex.EncodeToString(sum.Sum(nil)[:13])
}
