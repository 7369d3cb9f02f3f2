package source

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// parseBitrise reads a build webhook. It names neither repository nor commit.
func parseBitrise(h http.Header, o object) event.Event {
	name, app, build := h.Get("Bitrise-Event-Type"), first(o.text("app_slug"), h.Get("Bitrise-App-Id")), o.text("build_slug")
	status := bitriseStatus(name, o.text("build_status"))
	e := event.Event{
		Kind:        event.KindBuild,
		Name:        name,
		Status:      status,
		State:       o.text("build_status"),
		Subject:     app + "/" + build,
		Branch:      branch(o.text("git", "src_branch")),
		Tag:         o.text("git", "tag"),
		PullRequest: o.count("git", "pull_request_id"),
		Workflow:    o.text("build_triggered_workflow"),
		Fields: facts{
			"app":           app,
			"build":         build,
			"build_number":  o.text("build_number"),
			"provider":      o.text("git", "provider"),
			"target_branch": o.text("git", "dst_branch"),
		}.known(),
	}
	if build == "" {
		e.Kind, e.Subject = event.KindOther, app
		return e
	}
	e.URL = "https://app.bitrise.io/build/" + url.PathEscape(build)
	e.Title = fmt.Sprintf("Bitrise build %s%s: %s", numbered(o.count("build_number")), of(e.Workflow), bitriseWords(status, e.State))
	return e
}

// bitriseStatus reads build_status. Only a finished build can be a success: 4
// is a build that was aborted and called a success by whoever aborted it.
func bitriseStatus(name, state string) event.Status {
	switch state {
	case "0":
		return event.StatusPending
	case "1":
		if name == "build/triggered" {
			return event.StatusUnknown
		}
		return event.StatusSuccess
	case "2":
		return event.StatusFailure
	case "3", "4":
		return event.StatusCancelled
	}
	return event.StatusUnknown
}

func bitriseWords(status event.Status, state string) string {
	switch status {
	case event.StatusPending:
		return "running"
	case event.StatusCancelled:
		return "aborted"
	case event.StatusUnknown:
		return "status " + strconv.Quote(state)
	}
	return string(status)
}

func numbered(n int) string {
	if n == 0 {
		return ""
	}
	return "#" + strconv.Itoa(n)
}

func of(what string) string {
	if what == "" {
		return ""
	}
	return " of " + what
}
