package trigger

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/ready"
	"github.com/afterdeploy/afterdeploy/internal/report"
)

// waits reports whether the application has to be ready before the call. Tests
// run on success only, so only then there is something to wait for.
func (r *run) waits() bool {
	return (r.in.WaitForURL || r.in.ExpectVersion != "") && r.res.Deployment.State == deploy.Success
}

// check reads what internal/ready knows about the inputs. All mistakes come
// together, a line each.
func (r *run) check() (ready.Check, error) {
	var (
		c    = ready.Check{Times: r.in.ReadyChecks, AllowedHosts: r.in.AllowedHosts}
		errs []error
	)
	c.Page = parsed(&errs, "wait-for-url", r.in.WaitForPath, ready.ParseAddress)
	c.Expect = parsed(&errs, "expect-status", r.in.ExpectStatus, ready.ParseStatuses)
	c.Headers = parsed(&errs, "request-headers", r.in.RequestHeaders.Reveal(), ready.ParseHeaders)
	c.Version.Want = parsed(&errs, "expect-version", r.in.ExpectVersion, ready.ParseVersion)
	c.Version.At = parsed(&errs, "version-url", r.in.VersionURL, ready.ParseAddress)
	c.Version.From = parsed(&errs, "version-from", r.in.VersionFrom, ready.ParseVersionFrom)
	if r.in.ExpectVersion == "" && r.in.VersionURL+r.in.VersionFrom != "" {
		errs = append(errs, errors.New(`input "expect-version": want a version, since version-url or version-from says where to look for one`))
	}
	return c, errors.Join(errs...)
}

// parsed reads an input, if it was given.
func parsed[T any](errs *[]error, name, text string, parse func(string) (T, error)) (value T) {
	if text == "" {
		return value
	}
	value, err := parse(text)
	if err != nil {
		*errs = append(*errs, fmt.Errorf("input %q: %s", name, strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
	return value
}

// readCheck finds the mistakes early, and hides the headers' values.
func (r *run) readCheck() error {
	c, err := r.check()
	for _, value := range c.Headers.Secrets() {
		r.runner.Mask(value.Reveal())
	}
	if empty := c.Headers.Empty(); len(empty) > 0 {
		r.notes = append(r.notes, fmt.Sprintf("request-headers: %s came without a value and is not sent. Does the secret exist, and does this run get it?", strings.Join(empty, ", ")))
	}
	return err
}

// makeReady waits until the application is up, and is what was deployed.
func (r *run) makeReady(ctx context.Context) *deploy.Ending {
	if !r.waits() {
		return nil
	}
	c, err := r.check()
	if err != nil {
		return ending(deploy.ReasonInvalidInput, err.Error())
	}
	d := r.res.Deployment
	if c.URL, err = url.Parse(d.URL); err != nil || d.URL == "" {
		return ending(deploy.ReasonNoURL, "")
	}
	c.Ref, c.FromEvent = d.Ref, r.in.EnvironmentURL == ""
	c.Observe = r.tellProgress

	r.tellDeployment()
	r.runner.Group("Waiting until the application is ready")
	found, err := ready.Wait(ctx, r.client, c)
	r.runner.EndGroup()
	r.tellWait(c.URL, found)
	switch {
	case err != nil:
		return ending(deploy.ReasonSignal, "The run was cancelled while it waited for the application.")
	case found.Ready:
		return nil
	}
	return &found.Ending
}

func (r *run) tellProgress(p ready.Progress) {
	line := fmt.Sprintf("  %s: %s; waiting for %s", report.Duration(p.Took), p.Seen, p.For)
	if p.Left > 0 {
		line += ", " + report.Duration(p.Left) + " left"
	}
	r.runner.Log(line)
}

// tellWait keeps for the summary how a wait went.
func (r *run) tellWait(u *url.URL, found ready.Report) {
	if found.Withheld != "" {
		r.warn(deploy.Sentence(found.Withheld))
	}
	if found.Tries == 0 {
		return
	}
	told := report.Step{Title: "Waited for the application", URL: ready.Shown(u)}
	for _, step := range found.Timeline {
		told.Lines = append(told.Lines, step.String())
	}
	if found.Ready {
		last := fmt.Sprintf("ready after %s", report.Duration(found.Took))
		if found.Version != "" {
			last += ", showing " + found.Version
		}
		told.Lines = append(told.Lines, last)
	}
	r.stepsTold = append(r.stepsTold, told)
}
