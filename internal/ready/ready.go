// Package ready tells whether an application is up, whether it is the version
// that was deployed, or whether a login stands in front of it. What is tested
// then, and when to ask, is left to others.
package ready

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/poll"
)

// Check says what to wait for. URL is required.
type Check struct {
	// URL is the deployment's, Ref what was deployed.
	URL *url.URL
	Ref deploy.Ref
	// Page is what to poll; the zero Address is URL itself.
	Page Address
	// Expect are the statuses of an application that is up.
	Expect StatusSet
	// Times is how many good answers in a row are enough; 0 means 1.
	Times int
	// Limit is the time for one page, redirects included; 0 means 30 s, in
	// which most applications wake up.
	Limit time.Duration
	// Headers go to URL's exact origin, by https only.
	Headers Headers
	// FromEvent reports that an event named the URL, and not the workflow.
	// Headers then go only to hosts that AllowedHosts cover.
	FromEvent    bool
	AllowedHosts []deploy.Glob
	// Version is the proof to ask for.
	Version Version
	// Observe, if set, is told when something else is seen, and every
	// minute.
	Observe func(Progress)
}

// Progress is how the wait stands.
type Progress struct {
	// For is what is waited for. Seen may quote text from the network.
	For, Seen string
	// Left is the time until the deadline, or 0 without one.
	Took, Left time.Duration
}

// Report is what a wait found.
type Report struct {
	// Ready reports success. Otherwise Ending says how the run ends.
	Ready  bool
	Ending deploy.Ending
	// Version is the text that proved the version, where one was asked for.
	Version  string
	Tries    int
	Took     time.Duration
	Timeline []Step
	// Withheld says why request headers were not sent, if they were not.
	Withheld string
}

// Wait asks until the application is ready, a wall is certain or the context's
// deadline comes. It returns an error only when the context is cancelled
// otherwise.
func Wait(ctx context.Context, client *http.Client, c Check) (Report, error) {
	w, err := newWaiter(client, c)
	if err != nil {
		return Report{Ending: deploy.End(deploy.ReasonInvalidInput, deploy.Sentence(strings.ReplaceAll(err.Error(), "\n", "; ")))}, nil
	}
	err = poll.Until(ctx, func(int) time.Duration { return w.pause }, w.try)
	w.report.Took, w.report.Timeline = time.Since(w.start), w.seen
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded), errors.Is(ctx.Err(), context.DeadlineExceeded):
		w.report.Ending = w.late()
	default:
		return w.report, err
	}
	return w.report, nil
}

// allowedHeaders returns the headers that may be sent at all, or why none may.
func (c Check) allowedHeaders() (Headers, string) {
	switch {
	case c.Headers.IsZero():
		return Headers{}, ""
	case c.URL.Scheme != "https":
		return Headers{}, "request-headers were not sent: they go by https only, and the URL is " + c.URL.Scheme
	case c.FromEvent && !deploy.MatchAny(c.AllowedHosts, hostname(c.URL)):
		return Headers{}, fmt.Sprintf("request-headers were not sent: the event named the URL, and its host %s matches no pattern of allowed-hosts", c.URL.Hostname())
	}
	return c.Headers, ""
}
