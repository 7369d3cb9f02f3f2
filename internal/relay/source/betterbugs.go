package source

import (
	"net/http"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// betterBugsPayload finds the report, which a form may wrap as JSON in one
// field.
func betterBugsPayload(body object) object {
	for _, key := range []string{"payload", "data", "body", "json"} {
		if inner := body.object(key); body.text("bugId") == "" && inner.text("bugId") != "" {
			return inner
		}
	}
	return body
}

// parseBetterBugs reads a report. The payload has no event's name: a request
// with a report is a new or an updated one, and a request without is the check
// of the address that is made when it is set up.
func parseBetterBugs(_ http.Header, o object) event.Event {
	id := o.text("bugId")
	if id == "" {
		return event.Event{Kind: event.KindPing, Name: "verify", Status: event.StatusUnknown, Title: "BetterBugs checks the address"}
	}
	e := event.Event{
		Kind:        event.KindBug,
		Name:        "report",
		Status:      bugStatus(o.text("status")),
		State:       o.text("status"),
		Subject:     id,
		Title:       first(o.text("title"), "BetterBugs report "+id),
		Description: htmlMarkdown(o.text("description")),
		URL:         webURL(o.text("sessionUrl")),
		Priority:    strings.ToLower(o.text("priority")),
		People:      person("reporter", "", o.text("userId")),
		Links: links(append([]event.Link{
			{Title: "Session", URL: o.text("sessionUrl")},
			{Title: "Screenshot", URL: o.text("screenshotUrl")},
		}, attachments(o.objects("attachments"))...)...),
		Fields:   betterBugsFacts(o).known(),
		Occurred: o.time("updatedAt"),
	}
	for _, one := range o.objects("assignees") {
		e.People = append(e.People, person("assignee", one.text("name"), one.text("id"))...)
	}
	if e.Occurred.IsZero() {
		e.Occurred = o.time("createdAt")
	}
	return e
}

func betterBugsFacts(o object) facts {
	f := facts{
		"type":       o.text("type"),
		"project":    o.text("projectId"),
		"workspace":  o.text("workspaceId"),
		"created_at": o.text("createdAt"),
		"updated_at": o.text("updatedAt"),
	}
	for name := range o.object("customFields") {
		f["custom."+name] = o.text("customFields", name)
	}
	for _, item := range o.objects("metadata") {
		f["meta."+item.text("title")] = item.text("value")
	}
	return f
}
