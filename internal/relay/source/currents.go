package source

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// parseCurrents reads a run webhook: one of four events, one for each group of
// a run with several.
func parseCurrents(h http.Header, o object) event.Event {
	name, group := o.text("event"), o.text("groupId")
	counts := event.Counts{
		Overall: o.count("overall"),
		Passed:  o.count("passes"),
		Failed:  o.count("failures"),
		Pending: o.count("pending"),
		Skipped: o.count("skipped"),
		Flaky:   o.count("flaky"),
		Retries: o.count("retries"),
	}
	status, words := currentsStatus(name, o)
	e := event.Event{
		Kind:       event.KindRun,
		Name:       name,
		Status:     status,
		State:      name,
		URL:        webURL(o.text("runUrl")),
		Title:      fmt.Sprintf("Currents run%s: %s", of(group), words),
		Repository: repositoryOf(o.text("commit", "remoteOrigin")),
		Commit:     commit(o.text("commit", "sha")),
		Branch:     branch(o.text("commit", "branch")),
		Counts:     counts,
		Tags:       o.texts("tags"),
		People:     person("author", o.text("commit", "authorName"), ""),
		Fields: facts{
			"run":            runID(o.text("runUrl")),
			"group":          group,
			"build":          o.text("buildId"),
			"message":        o.text("commit", "message"),
			"default_branch": o.text("commit", "defaultBranch"),
		}.known(),
	}
	e.PullRequest = pullOfRef(o.text("commit", "branch"))
	e.Links = links(event.Link{Title: "Run", URL: e.URL})
	e.Subject = strings.Trim(first(e.Fields["run"], e.Fields["build"])+"/"+group, "/")
	if sent, ok := epoch(h.Get("X-Timestamp")); ok {
		e.Occurred = sent
	}
	return e
}

// currentsStatus reads the event. A run that was cancelled or timed out has the
// last counts known, which may look like success and are none; and a run that
// finished without a test that passed proves nothing.
func currentsStatus(name string, o object) (event.Status, string) {
	failures, said := o.whole("failures")
	passes, _ := o.whole("passes")
	switch strings.ToUpper(name) {
	case "RUN_START":
		return event.StatusPending, "running"
	case "RUN_TIMEOUT":
		return event.StatusTimedOut, "timed out"
	case "RUN_CANCELED", "RUN_CANCELLED":
		return event.StatusCancelled, "cancelled"
	case "RUN_FINISH":
		switch {
		case said && failures == 0 && passes > 0:
			return event.StatusSuccess, fmt.Sprintf("%d passed", passes)
		case failures > 0:
			return event.StatusFailure, fmt.Sprintf("%d failed, %d passed", failures, max(passes, 0))
		}
		if !said {
			return event.StatusFailure, "no count of failures"
		}
		return event.StatusFailure, "no test passed"
	}
	return event.StatusUnknown, name
}

// runID is the last part of a run's URL, the only place that holds it.
func runID(runURL string) string {
	u, err := url.Parse(webURL(runURL))
	if err != nil || u.Path == "" {
		return ""
	}
	return strings.Trim(path.Base(u.Path), "/.")
}
