package source

import (
	"net/http"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// parseGleap reads a ticket webhook. BUG_CREATED is the one action that is
// documented; tickets of other actions look the same.
func parseGleap(_ http.Header, o object) event.Event {
	data := o.object("data")
	meta := data.object("metaData")
	id := first(data.text("id"), data.text("_id"))
	text := first(data.text("description"), data.text("formData", "description"), data.text("plainContent"))
	e := event.Event{
		Kind:        event.KindBug,
		Name:        o.text("action"),
		Status:      bugStatus(data.text("status")),
		State:       data.text("status"),
		Subject:     id,
		Title:       first(data.text("title"), text, "Gleap ticket "+data.text("bugId")),
		Description: plainMarkdown(text),
		Priority:    strings.ToLower(data.text("priority")),
		Environment: meta.text("environment"),
		People: append(
			person("reporter", first(data.text("session", "name"), data.text("reportedBy")), data.text("session", "id")),
			person("assignee", "", data.text("processingUser"))...),
		Tags: data.texts("tags"),
		Links: links(append([]event.Link{
			{Title: "Screenshot", URL: data.text("screenshotUrl")},
			{Title: "Screenshot data", URL: data.text("screenshotDataUrl")},
			{Title: "Replay", URL: data.text("replayUrl")},
			{Title: "Replay data", URL: data.text("replayDataUrl")},
			{Title: "Screen recording", URL: data.text("screenRecordingUrl")},
		}, attachments(data.objects("attachments"))...)...),
		Fields:   gleapFacts(o, data, meta).known(),
		Occurred: data.time("updatedAt"),
	}
	if id == "" {
		e.Kind = event.KindOther
	}
	if e.Occurred.IsZero() {
		e.Occurred = data.time("createdAt")
	}
	return e
}

// gleapFacts are the ticket's other facts. The mobile SDKs send metadata of
// their own, so all of it is kept that is text.
func gleapFacts(o, data, meta object) facts {
	f := facts{
		"type":         first(data.text("type"), o.text("type")),
		"number":       data.text("bugId"),
		"project":      data.text("project"),
		"organisation": data.text("organisation"),
		"lexorank":     data.text("lexorank"),
		"channel":      data.text("channel"),
		"created_at":   data.text("createdAt"),
		"updated_at":   data.text("updatedAt"),
		"replay_start": data.text("replayStartDate"),
		"version":      data.text("__v"),
	}
	for _, flag := range []string{
		"generatingScreenshot", "screenshotLive", "generatingReplay", "replayRenderingFailed",
		"replayLive", "hasWebReplay", "isSpam", "archived", "isSilent",
	} {
		f[flag] = data.text(flag)
	}
	for name := range meta {
		f["meta."+name] = meta.text(name)
	}
	if page := meta.text("currentUrl"); page != "" {
		f["meta.currentUrl"] = pageURL(page)
	}
	for name := range data.object("customData") {
		f["custom."+name] = data.text("customData", name)
	}
	return f
}

// attachments are files that can be looked at.
func attachments(files []object) []event.Link {
	var found []event.Link
	for _, file := range files {
		found = append(found, event.Link{Title: first(file.text("name"), "Attachment"), URL: file.text("url")})
	}
	return found
}

// bugStatus reads a ticket's state. Boards can name their columns as they
// like, so most words are unknown.
func bugStatus(state string) event.Status {
	switch strings.ToUpper(state) {
	case "OPEN", "INPROGRESS", "IN_PROGRESS", "REOPENED":
		return event.StatusOpen
	case "DONE", "CLOSED", "RESOLVED":
		return event.StatusClosed
	}
	return event.StatusUnknown
}
