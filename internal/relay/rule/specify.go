package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/origin"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// contextPrefix begins the contexts of the relay's commit statuses, so that it
// knows them when GitHub reports them back.
const contextPrefix = "afterdeploy/"

// GitHub's limits for a commit status.
const (
	maxDescription = 140
	maxContext     = 255
)

// specify fills in what is to be done.
func (r Rule) specify(a *Action, t TargetConfig, v view) error {
	switch r.Do {
	case Trigger:
		return r.trigger(a, t, v)
	case Dispatch:
		return r.dispatch(a, v)
	case Status:
		return r.status(a, v)
	case Issue:
		return r.issue(a, v)
	}
	return fmt.Errorf("do %q: want trigger, dispatch, status or issue", r.Do)
}

// textReader reads several fields of a delivery and keeps the first error.
type textReader struct {
	rule Rule
	view view
	err  error
}

func (t *textReader) text(key, otherwise string) string {
	text, err := t.rule.text(key, otherwise, t.view)
	if t.err == nil {
		t.err = err
	}
	return text
}

func (r Rule) trigger(a *Action, t TargetConfig, v view) error {
	get := textReader{rule: r, view: v}
	ref, err := r.ref(&get, v)
	a.Trigger = &TriggerSpec{
		State:          state(v.Event.Status),
		Commit:         ref.Commit(),
		Branch:         ref.Branch(),
		Environment:    get.text("environment", origin.Reduce(v.Environment)),
		EnvironmentURL: get.text("environment-url", v.EnvironmentURL),
		ProjectID:      get.text("project-id", t.ProjectID),
	}
	if a.Trigger.EnvironmentURL == "" {
		err = errors.Join(err, errors.New("no environment URL is known"))
	} else if !absolute(a.Trigger.EnvironmentURL) {
		err = errors.Join(err, fmt.Errorf("environment URL %q: want an address such as https://app.example.com", a.Trigger.EnvironmentURL))
	}
	return errors.Join(get.err, err)
}

// ref returns what to test: the rule's commit, else the rule's branch, else the
// event's commit, else its branch.
func (r Rule) ref(get *textReader, v view) (deploy.Ref, error) {
	commit, branch := get.text("commit", ""), get.text("branch", "")
	if commit == "" && branch == "" {
		commit, branch = v.Commit, v.Branch
	}
	switch {
	case commit != "":
		return deploy.ParseCommit(commit)
	case branch != "":
		return deploy.ParseBranch(branch)
	}
	return deploy.Ref{}, errors.New("no commit or branch is known")
}

// state says a status in the words of deployments. What is neither good, bad
// nor under way stays as it is and so is no known state.
func state(s event.Status) string {
	switch s {
	case event.StatusSuccess:
		return string(deploy.Success)
	case event.StatusPending:
		return string(deploy.InProgress)
	case event.StatusCancelled:
		return string(deploy.Cancelled)
	case event.StatusFailure, event.StatusTimedOut:
		return string(deploy.Error)
	}
	return string(s)
}

// ownPayloadKeys are the keys of a client payload that the relay fills.
func ownPayloadKeys() []string {
	return []string{"about", "deployment", "source", "event", "delivery_id"}
}

func (r Rule) dispatch(a *Action, v view) error {
	get := textReader{rule: r, view: v}
	payload := map[string]any{
		"about": known(map[string]any{
			"service":      v.Service,
			"kind":         v.Kind,
			"status":       v.Status,
			"subject":      v.Subject,
			"title":        short(v.Title, maxTitle),
			"url":          v.URL,
			"pull_request": v.PullRequest,
		}),
		"deployment": known(map[string]any{
			"state":           state(v.Event.Status),
			"environment":     get.text("environment", v.Environment),
			"environment_url": get.text("environment-url", v.EnvironmentURL),
			"commit_sha":      get.text("commit", v.Commit),
			"branch":          get.text("branch", v.Branch),
			"repository":      a.Repository,
		}),
		"source":      v.Source,
		"event":       v.Name,
		"delivery_id": a.ID,
	}
	for key, value := range r.with.payload {
		resolved, err := resolve(value, v)
		if err != nil {
			return fmt.Errorf("client-payload %s: %w", key, err)
		}
		payload[key] = resolved
	}
	a.Dispatch = &DispatchSpec{EventType: get.text("event-type", "afterdeploy-"+v.Kind), ClientPayload: payload}
	return errors.Join(get.err, a.Dispatch.check())
}

// known drops what is empty.
func known(fields map[string]any) map[string]any {
	for key, value := range fields {
		if value == "" || value == 0 {
			delete(fields, key)
		}
	}
	return fields
}

// check holds GitHub's limits.
func (d *DispatchSpec) check() error {
	if n := utf8.RuneCountInString(d.EventType); n < 1 || n > maxEventType {
		return fmt.Errorf("event-type has %d characters: want 1 to %d", n, maxEventType)
	}
	text, err := json.Marshal(d.ClientPayload)
	if err != nil {
		return fmt.Errorf("client-payload: %w", err)
	}
	if n := utf8.RuneCount(text); n > maxPayload {
		return fmt.Errorf("client-payload has %d characters: want %d at most", n, maxPayload)
	}
	return nil
}

func (r Rule) status(a *Action, v view) error {
	get := textReader{rule: r, view: v}
	a.Commit = &StatusSpec{
		Commit:      get.text("commit", v.Commit),
		Context:     short(get.text("context", statusContext(v.Event)), maxContext),
		State:       statusState(v.Event.Status),
		Description: short(get.text("description", v.Title), maxDescription),
		URL:         get.text("url", v.URL),
	}
	a.OrderKey = strings.ToLower(strings.Join([]string{"status", a.Repository, a.Commit.Commit, a.Commit.Context}, " "))
	switch {
	case get.err != nil:
		return get.err
	case !deploy.IsFullSHA(a.Commit.Commit):
		return fmt.Errorf("commit %q: want a whole commit hash", a.Commit.Commit)
	case a.Commit.Context == "":
		return errors.New("context is empty: want a name such as afterdeploy/e2e")
	case a.Commit.URL != "" && !absolute(a.Commit.URL):
		return fmt.Errorf("url %q: want an address such as https://app.example.com", a.Commit.URL)
	}
	return nil
}

// statusContext tells one status of a commit from the others: each group of a
// run and each workflow has its own, so that none overwrites another.
func statusContext(e event.Event) string {
	context := contextPrefix + e.Source
	for _, part := range []string{e.Workflow, e.Fields["group"]} {
		if part != "" {
			context += "/" + part
		}
	}
	return context
}

// statusState says a status in the words of commit statuses. Only success is
// green.
func statusState(s event.Status) string {
	switch s {
	case event.StatusSuccess:
		return "success"
	case event.StatusPending:
		return "pending"
	case event.StatusFailure, event.StatusTimedOut:
		return "failure"
	}
	return "error"
}

// short cuts text to most characters.
func short(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
