package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/route"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Local answers from the stores.
type Local struct {
	Inbox *inbox.Inbox
	Work  *work.Work
	// Dir, if set, is where the stores are on this machine.
	Dir string
	// InForce returns the rules in force. Without it, an event is parsed by its
	// service alone.
	InForce func() route.Rules
	// Wake, if set, is called when there is something to route.
	Wake func()
}

// Events implements [Journal].
func (l *Local) Events(ctx context.Context, q Query) ([]Event, error) {
	var (
		stored []inbox.Stored
		err    error
	)
	if isDelivery(q.State) {
		stored, err = l.having(ctx, q)
	} else {
		f := filter(q)
		f.State, f.Before, f.After, f.Most = inbox.State(q.State), q.Before, q.After, q.Most
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

// filter is what a query says about the events themselves.
func filter(q Query) inbox.Filter {
	return inbox.Filter{Source: q.Source, Service: q.Service, Text: q.Text, Since: q.Since, Until: q.Until}
}

// having lists the events that have a delivery in the query's state.
func (l *Local) having(ctx context.Context, q Query) ([]inbox.Stored, error) {
	var found []inbox.Stored
	most := cmp.Or(q.Most, 100)
	err := l.pages(ctx, q, work.State(q.State), func(page []inbox.Stored) (bool, error) {
		if q.After != "" {
			slices.Reverse(page) // away from After, as the pages come
		}
		found = append(found, page...)
		found = found[:min(len(found), most)]
		return len(found) < most, nil
	})
	if q.After != "" {
		slices.Reverse(found)
	}
	return found, err
}

// perPage is how many events with deliveries are looked at together.
const perPage = 500

// pages looks through the events that have a delivery in a state, for those that
// a query chooses, until each says that it has enough. The two are in different
// files: neither can be asked about both.
func (l *Local) pages(ctx context.Context, q Query, state work.State, each func([]inbox.Stored) (bool, error)) error {
	at := work.Page{Before: q.Before, After: q.After, Most: perPage}
	for {
		ids, err := l.Work.EventsIn(ctx, state, at)
		if err != nil || len(ids) == 0 {
			return err
		}
		f := filter(q)
		f.IDs, f.Most = ids, len(ids)
		if !isDelivery(q.State) {
			f.State = inbox.State(q.State)
		}
		page, err := l.Inbox.List(ctx, f)
		if err != nil {
			return err
		}
		if more, err := each(page); err != nil || !more || len(ids) < perPage {
			return err
		}
		if q.After != "" {
			at.After = ids[len(ids)-1]
		} else {
			at.Before = ids[len(ids)-1]
		}
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
		events[i].Deliveries = listed(byEvent[events[i].ID])
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
	if d.Header == nil { // of what the relay says itself
		d.Header = http.Header{}
	}
	if !stored.Pruned {
		d.Parsed, _, _ = route.Parse(l.rules(stored), stored)
		d.Payload, d.Parsed.Raw = d.Parsed.Raw, nil
	}
	found, err := l.Work.Deliveries(ctx, work.Filter{Events: []string{id}, Most: 1000})
	if err != nil {
		return Detail{}, err
	}
	d.Deliveries = listed(found)
	for _, one := range d.Deliveries {
		attempts, err := l.Work.Attempts(ctx, one.ID)
		if err != nil {
			return Detail{}, err
		}
		d.Attempts[one.ID] = listed(attempts)
	}
	return d, nil
}

// Delivery implements [Journal].
func (l *Local) Delivery(ctx context.Context, id string) (Delivery, error) {
	one, err := l.Work.Delivery(ctx, id)
	if err != nil {
		return Delivery{}, err
	}
	attempts, err := l.Work.Attempts(ctx, id)
	return Delivery{Delivery: one, Idempotent: target.Idempotent(one.Action.Do), Attempts: listed(attempts)}, err
}

// listed is a list that JSON shows as one, also when it is empty.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (l *Local) rulesInForce() route.Rules {
	if l.InForce == nil {
		return route.Rules{}
	}
	return l.InForce()
}

// rules are enough rules to parse one entry.
func (l *Local) rules(s inbox.Stored) route.Rules {
	if rules := l.rulesInForce(); rules.Sources[s.Source] != nil {
		return rules
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

// Resume implements [Journal].
func (l *Local) Resume(ctx context.Context, name string) (int, error) {
	return l.Work.Resume(ctx, name)
}
