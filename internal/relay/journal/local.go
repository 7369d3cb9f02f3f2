package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/route"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Local answers from the stores.
type Local struct {
	Inbox *inbox.Inbox
	Work  *work.Work
	// Source finds a configured source. Without one, an event is parsed by its
	// service alone.
	Source func(name string) (*source.Source, bool)
	// Wake, if set, is called when there is something to route.
	Wake func()
}

// Events implements [Journal].
func (l *Local) Events(ctx context.Context, q Query) ([]Event, error) {
	f := inbox.Filter{Source: q.Source, Text: q.Text, Since: q.Since, Until: q.Until, Before: q.Before, Most: cmp.Or(q.Most, 100)}
	var (
		stored []inbox.Stored
		err    error
	)
	if isDelivery(q.State) {
		stored, err = l.having(ctx, work.State(q.State), f)
	} else {
		f.State = inbox.State(q.State)
		stored, err = l.Inbox.List(ctx, f)
	}
	if err != nil {
		return nil, err
	}
	events, ids := make([]Event, len(stored)), make([]string, len(stored))
	for i, s := range stored {
		events[i], ids[i] = eventOf(s), s.ID
	}
	return events, l.addDeliveries(ctx, events, ids)
}

// having lists the entries of a filter that have a delivery in a state. The two
// are in different files: what has such a delivery is looked through page by
// page for what the filter chooses.
func (l *Local) having(ctx context.Context, state work.State, f inbox.Filter) ([]inbox.Stored, error) {
	var found []inbox.Stored
	for before, most := f.Before, f.Most; ; {
		ids, err := l.Work.EventsIn(ctx, state, before, most)
		if err != nil || len(ids) == 0 {
			return found, err
		}
		f.IDs, f.Most = ids, most-len(found)
		page, err := l.Inbox.List(ctx, f)
		if err != nil {
			return nil, err
		}
		if found = append(found, page...); len(found) == most || len(ids) < most {
			return found, nil
		}
		before = ids[len(ids)-1]
	}
}

// isDelivery reports whether a state is one of deliveries, not of events.
func isDelivery(state string) bool {
	for _, s := range work.States() {
		if string(s) == state {
			return true
		}
	}
	return false
}

func eventOf(s inbox.Stored) Event {
	return Event{
		ID: s.ID, Source: s.Source, Service: s.Service, Name: s.Name, Kind: s.Kind, Subject: s.Subject,
		State: string(s.State), Note: s.Note, Received: s.Received, Arrivals: s.Arrivals, LastArrival: s.LastArrival,
	}
}

func (l *Local) addDeliveries(ctx context.Context, events []Event, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	deliveries, err := l.Work.Deliveries(ctx, work.Filter{Events: ids, Most: 20 * len(ids)})
	if err != nil {
		return err
	}
	byEvent := map[string][]work.Delivery{}
	for _, d := range deliveries {
		byEvent[d.EventID] = append(byEvent[d.EventID], d)
	}
	for i := range events {
		events[i].Deliveries = byEvent[events[i].ID]
	}
	return nil
}

// Event implements [Journal].
func (l *Local) Event(ctx context.Context, id string) (Detail, error) {
	stored, err := l.Inbox.Get(ctx, id)
	if errors.Is(err, inbox.ErrNotFound) {
		return Detail{}, fmt.Errorf("event %q: %w", id, ErrNotFound)
	}
	if err != nil {
		return Detail{}, err
	}
	d := Detail{
		Event: eventOf(stored), Method: stored.Method, Remote: stored.Remote, Header: stored.Header, Pruned: stored.Pruned,
		Attempts: map[string][]work.Attempt{},
	}
	if !stored.Pruned {
		d.Parsed, _, _ = route.Parse(l.rules(stored), stored)
		d.Payload, d.Parsed.Raw = d.Parsed.Raw, nil
	}
	if d.Deliveries, err = l.Work.Deliveries(ctx, work.Filter{Events: []string{id}, Most: 1000}); err != nil {
		return Detail{}, err
	}
	for _, one := range d.Deliveries {
		if d.Attempts[one.ID], err = l.Work.Attempts(ctx, one.ID); err != nil {
			return Detail{}, err
		}
	}
	return d, nil
}

// rules are enough rules to parse one entry.
func (l *Local) rules(s inbox.Stored) route.Rules {
	if l.Source != nil {
		if src, ok := l.Source(s.Source); ok {
			return route.Rules{Sources: map[string]*source.Source{s.Source: src}}
		}
	}
	src, err := source.New(source.Config{Name: s.Source, Service: s.Service, Verify: source.Verification{None: true}})
	if err != nil {
		return route.Rules{}
	}
	return route.Rules{Sources: map[string]*source.Source{s.Source: src}}
}

// Redeliver implements [Journal].
func (l *Local) Redeliver(ctx context.Context, id string) (int, error) {
	err := l.Work.Redeliver(ctx, id)
	if !errors.Is(err, work.ErrNotFound) {
		return 1, err
	}
	err = l.Inbox.Reroute(ctx, id, time.Now())
	if errors.Is(err, inbox.ErrNotFound) {
		return 0, fmt.Errorf("%q: %w, or its body is gone", id, ErrNotFound)
	}
	if err != nil {
		return 0, err
	}
	n, err := l.Work.RedeliverEvent(ctx, id)
	if l.Wake != nil {
		l.Wake()
	}
	return n, err
}

// Targets implements [Journal].
func (l *Local) Targets(ctx context.Context) ([]work.Pause, error) { return l.Work.Pauses(ctx) }

// Resume implements [Journal].
func (l *Local) Resume(ctx context.Context, name string) (int, error) {
	return l.Work.Resume(ctx, name)
}
