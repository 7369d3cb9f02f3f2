package catchup

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/currents"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// longest is how long before its end a run can have been made, its time-out
// among it: runs are listed by when they were made.
const longest = 24 * time.Hour

// currents finds the runs that ended. Which webhooks failed Currents does not
// tell, so each run is looked for here.
func (c *Catcher) currents(ctx context.Context, src *source.Source, s span) ([]missed, error) {
	config := src.Config()
	api := &currents.Client{HTTP: c.HTTP, BaseURL: config.APIURL, Key: config.APIToken, Retry: c.Retry}
	runs, err := api.Runs(ctx, config.ProjectID, later(s.since.Add(-longest), s.first))
	if err != nil {
		return nil, wants(err, "an API key of the organization that project "+config.ProjectID+" is in")
	}
	var candidates []missed
	for _, run := range runs {
		name, ended := endOf(run)
		if name == "" {
			continue
		}
		for _, group := range groupsOf(run) {
			candidates = append(candidates, c.run(src, run, group, name, ended))
		}
	}
	return c.settled(ctx, src, candidates)
}

// settled returns those of the candidates that are missing after their webhooks
// had time to come and to be read: a run has no key by which a late webhook
// would be known again.
func (c *Catcher) settled(ctx context.Context, src *source.Source, candidates []missed) ([]missed, error) {
	var found []missed
	for _, m := range candidates {
		known, err := m.known(ctx)
		if err != nil {
			return nil, err
		}
		if !known {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	wait := c.Grace
	if wait == 0 {
		wait = grace
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(wait):
	}
	unread, err := c.Inbox.Unread(ctx, src.Name())
	if err == nil && unread > 0 {
		err = fmt.Errorf("%d events of it came and are not read yet: again in a while", unread)
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// endOf is the event by which a webhook tells that a run ended, "" if it did
// not, and about when that was: a run may have waited for machines or for its
// time-out, which is not in its duration. So no run is left out for its age.
func endOf(r currents.Run) (name string, at time.Time) {
	at = r.CreatedAt.Add(time.Duration(r.DurationMs) * time.Millisecond)
	switch r.State() {
	case currents.Passed, currents.Failed:
		return "RUN_FINISH", at
	case currents.Cancelled:
		return "RUN_CANCELED", at
	case currents.TimedOut:
		return "RUN_TIMEOUT", at
	}
	return "", at
}

// groupsOf returns what a run's webhooks are about, one each. Of a run with one
// group the webhook does not name it.
func groupsOf(r currents.Run) []currents.Group {
	if len(r.Groups) > 1 {
		return r.Groups
	}
	return []currents.Group{{Tests: r.Tests()}}
}

// run is the webhook's request that would have told of a run, or of one of its
// groups.
func (c *Catcher) run(src *source.Source, r currents.Run, group currents.Group, name string, at time.Time) missed {
	body := map[string]any{
		"event": name, "runUrl": "https://app.currents.dev/run/" + r.ID, "buildId": r.Meta.CIBuildID, "tags": r.Tags,
		"overall": group.Tests.Overall, "passes": group.Tests.Passes, "failures": group.Tests.Failures,
		"pending": group.Tests.Pending, "skipped": group.Tests.Skipped, "flaky": group.Tests.Flaky, "retries": 0,
		"commit": map[string]any{
			"sha": r.Meta.Commit.SHA, "branch": r.Meta.Commit.Branch, "message": r.Meta.Commit.Message,
			"authorName": r.Meta.Commit.AuthorName, "remoteOrigin": r.Meta.Commit.Remote,
		},
	}
	if group.ID != "" {
		body["groupId"] = group.ID
	}
	if r.State() == currents.Failed && r.Tests().Failures == 0 {
		delete(body, "failures") // the numbers do not tell why: they must not tell of a success
	}
	return missed{
		what: strings.TrimSpace(name + " " + r.ID + " " + group.ID), at: at,
		known: func(ctx context.Context) (bool, error) { return c.told(ctx, src, r, group) },
		read: func(context.Context) (source.Request, error) {
			text, err := json.Marshal(body)
			return source.Request{Method: http.MethodPost, Body: text, Received: at, Header: http.Header{
				"Content-Type": {"application/json"}, "X-Timestamp": {strconv.FormatInt(at.UnixMilli(), 10)},
			}}, err
		},
	}
}

// told reports whether a webhook told the end of a run, or of one of its groups.
// It may have named the one group there is.
func (c *Catcher) told(ctx context.Context, src *source.Source, r currents.Run, group currents.Group) (bool, error) {
	subjects := []string{r.ID}
	for _, g := range r.Groups {
		if g.ID != "" && (group.ID == "" || group.ID == g.ID) {
			subjects = append(subjects, r.ID+"/"+g.ID)
		}
	}
	for _, subject := range subjects {
		known, err := c.twin(ctx, src, subject, func(e event.Event) bool {
			return slices.Contains([]string{"RUN_FINISH", "RUN_TIMEOUT", "RUN_CANCELED", "RUN_CANCELLED"}, e.Name) &&
				(group.ID == "" || e.Fields == nil || e.Fields["group"] == group.ID)
		})
		if known || err != nil {
			return known, err
		}
	}
	return false, nil
}
