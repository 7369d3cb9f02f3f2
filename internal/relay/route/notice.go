package route

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Tell keeps a notice as an event of the relay's own, for rules to see. Telling
// it twice keeps it once.
func (r *Router) Tell(ctx context.Context, n work.Notice) error {
	body, err := json.Marshal(eventOf(n))
	if err != nil {
		return fmt.Errorf("write notice: %w", err)
	}
	receipt, err := r.Inbox.Put(ctx, inbox.Entry{
		Source: rule.Relay, Service: rule.Relay, Key: n.Key, Body: body, Received: time.Now().UTC(),
	})
	if err != nil {
		return err
	}
	if !receipt.Duplicate {
		r.Wake()
	}
	return nil
}

func eventOf(n work.Notice) event.Event {
	d := n.Delivery
	e := event.Event{
		Name: n.Name, Kind: event.KindDelivery, Status: event.StatusFailure, State: string(d.State), Subject: d.ID,
		Title:       fmt.Sprintf("Rule %s could not deliver to %s", d.Action.Rule, d.Action.Target),
		Description: d.Note, Repository: d.Action.Repository, Occurred: d.Updated,
		Fields: map[string]string{
			"rule": d.Action.Rule, "target": d.Action.Target, "do": string(d.Action.Do),
			"delivery_id": d.ID, "event_id": d.EventID,
		},
	}
	if n.Name == work.TargetPaused {
		e.Kind, e.Subject = event.KindTarget, d.Action.Target
		e.Title = fmt.Sprintf("Target %s does not accept its credentials and is paused", d.Action.Target)
	}
	switch {
	case d.Action.Trigger != nil:
		e.Commit, e.Branch = d.Action.Trigger.Commit, d.Action.Trigger.Branch
	case d.Action.Commit != nil:
		e.Commit, e.Context = d.Action.Commit.Commit, d.Action.Commit.Context
	}
	return e
}
