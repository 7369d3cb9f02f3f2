// Package route turns what was kept into work: it parses an entry, asks the
// service for what its webhook left out, and gives the deliveries that the
// rules want to whoever carries them out. Doing it twice does nothing twice.
package route

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Rules are a rules file in force.
type Rules struct {
	File    *rule.File
	Sources map[string]*source.Source
}

// Router routes what an inbox keeps.
type Router struct {
	Inbox *inbox.Inbox
	Work  *work.Work
	// Rules returns the rules in force.
	Rules func() Rules
	// Enrich asks a source's service for what its webhook left out. It
	// returns the event as far as it is known, also beside an error.
	Enrich func(context.Context, source.Config, event.Event) (event.Event, error)
	Log    *slog.Logger
	// Lease is how long a claim lasts, which is longer than routing it takes; 0
	// means a minute.
	Lease time.Duration

	wake chan struct{}
}

const (
	// batch is how many entries are claimed at once.
	batch = 64
	lease = time.Minute
	// enrichLimit bounds asking a service.
	enrichLimit = 20 * time.Second
	// enrichTries is how often a service is asked before its event is routed
	// as it is.
	enrichTries = 5
	// gather is how long entries are waited for that can share the commits of
	// a batch.
	gather = 20 * time.Millisecond
	// crowd is how many writes that wait for their commit keep the router from
	// taking more, and patience for how long: senders are served first, but
	// what they send is not left lying.
	crowd    = 8
	patience = 500 * time.Millisecond
	// lookEvery finds what nobody announced: the entries of a relay that died.
	lookEvery = time.Second
)

// New makes a router.
func New(r Router) *Router {
	r.wake = make(chan struct{}, 1)
	r.Lease = cmp.Or(r.Lease, lease)
	return &r
}

// Wake says that there is something to route.
func (r *Router) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // somebody said so already
	}
}

// Run routes until ctx ends, and finishes what it began.
func (r *Router) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, batch)
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		claimed, err := r.claim(ctx, &wg, slots)
		if err != nil && ctx.Err() == nil {
			r.Log.Error("claim events", "error", err)
		}
		if !r.rest(ctx) {
			return
		}
		if claimed == batch {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-look.C:
		}
	}
}

// rest leaves the store to those who wait for an answer. It reports whether ctx
// goes on.
func (r *Router) rest(ctx context.Context) bool {
	for end := time.Now().Add(patience); ; {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(gather):
		}
		if r.Inbox.Writing() < crowd || time.Now().After(end) {
			return true
		}
	}
}

// claim takes a batch and begins to route it. What each entry is about is kept
// before any is routed: whether one build is newer than another depends on it.
func (r *Router) claim(ctx context.Context, wg *sync.WaitGroup, slots chan struct{}) (int, error) {
	claim, err := r.Inbox.Claim(ctx, time.Now(), r.Lease, batch)
	if err != nil {
		return 0, err
	}
	// What was claimed is routed, also when the relay stops.
	ctx = context.WithoutCancel(ctx)
	parsed := make([]*parsed, len(claim.IDs))
	var parsing sync.WaitGroup
	for i, id := range claim.IDs {
		parsing.Go(func() {
			p, err := r.parse(ctx, id)
			if err != nil {
				r.Log.Error("parse event", "event", id, "error", err)
				return
			}
			parsed[i] = p
		})
	}
	parsing.Wait()
	for _, p := range parsed {
		if p == nil {
			continue // when its claim ends, it is tried again
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := r.route(ctx, p, claim.Until); err != nil {
				r.Log.Error("route event", "event", p.event.ID, "error", err)
			}
		})
	}
	return len(claim.IDs), nil
}

// parsed is an entry and what it says.
type parsed struct {
	stored inbox.Stored
	event  event.Event
	rules  Rules
	source *source.Source // nil for the relay's own events
	note   string         // what is wrong with it
}

func (r *Router) parse(ctx context.Context, id string) (*parsed, error) {
	stored, err := r.Inbox.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	p := &parsed{stored: stored, rules: r.Rules()}
	p.event, p.source, p.note = Parse(p.rules, stored)
	if !stored.State.Fresh() {
		return p, nil
	}
	return p, r.Inbox.Describe(ctx, id, p.event.Name, string(p.event.Kind), p.event.Subject)
}

// Parse reads a kept entry. The note says what is wrong with it, if anything
// is. The relay's own events have no source.
func Parse(rules Rules, stored inbox.Stored) (e event.Event, src *source.Source, note string) {
	var err error
	if stored.Service == rule.Relay {
		err = json.Unmarshal(stored.Body, &e)
	} else if src = rules.Sources[stored.Source]; src != nil {
		e, err = src.Parse(source.Request{
			Method: stored.Method, Header: stored.Header, Body: stored.Body,
			RemoteAddr: stored.Remote, Received: stored.Received,
		})
	}
	if err != nil {
		note = err.Error()
	}
	e.ID, e.Source, e.Service = stored.ID, stored.Source, stored.Service
	e.Received, e.Unverified = stored.Received, stored.Unverified
	return e, src, note
}

// route decides about one entry.
func (r *Router) route(ctx context.Context, p *parsed, claimed time.Time) error {
	settle := func(state inbox.State, note string) error {
		return r.Inbox.Settle(ctx, p.stored.ID, claimed, state, note)
	}
	switch {
	case p.stored.Pruned:
		return settle(p.stored.State, "it came again after its body was pruned")
	case p.source == nil && p.stored.Service != rule.Relay:
		return settle(inbox.Ignored, "its source is not in the rules file")
	}
	e, deferred, err := r.enrich(ctx, p)
	if deferred || err != nil {
		return err
	}
	if why := p.rules.File.Ignores(e); why != "" {
		return settle(inbox.Ignored, why)
	}
	actions := p.rules.File.Match(e)
	if len(actions) == 0 && p.stored.State != inbox.Routed {
		return settle(inbox.Ignored, join("no rule matched", p.note))
	}
	since, err := r.Inbox.FirstOf(ctx, e.Source, e.Subject)
	if err != nil {
		return err
	}
	if since.IsZero() {
		since = e.Received
	}
	if _, err := r.Work.Accept(ctx, work.Batch{
		Event: e, Actions: actions, SubjectSince: since, Again: !p.stored.State.Fresh(), Doubtful: p.stored.State == inbox.Doubtful,
	}); err != nil {
		return err
	}
	return settle(inbox.Routed, join(fmt.Sprintf("%d matched", len(actions)), p.note))
}

// enrich asks the service. If it does not answer, the entry is put off; after
// the last time the event goes as it is.
func (r *Router) enrich(ctx context.Context, p *parsed) (e event.Event, deferred bool, err error) {
	if p.source == nil || r.Enrich == nil {
		return p.event, false, nil
	}
	asking, cancel := context.WithTimeout(ctx, enrichLimit)
	defer cancel()
	e, failed := r.Enrich(asking, p.source.Config(), p.event)
	if failed == nil {
		return e, false, nil
	}
	p.note = join(p.note, failed.Error())
	if p.stored.Tries >= enrichTries {
		return e, false, nil
	}
	wait := 5 * time.Second << (2 * (p.stored.Tries - 1)) // 5 s, 20 s, 80 s, 5 min
	return e, true, r.Inbox.Defer(ctx, p.stored.ID, time.Now().Add(wait), failed.Error())
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
