package journal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Plan is what redelivering the deliveries that a query chooses would do.
type Plan struct {
	// Until ends the time that was looked at, so that what comes in the
	// meantime is no part of it.
	Until time.Time `json:"until"`
	// States are those of the deliveries that are chosen.
	States []work.State `json:"states"`
	// Events counts the events they are of.
	Events     int             `json:"events"`
	Deliveries []work.Delivery `json:"deliveries"`
	// More reports that there are more than one redelivery takes.
	More    bool         `json:"more"`
	Targets []PlanTarget `json:"targets"`
}

// PlanTarget is what one target would be asked to do again.
type PlanTarget struct {
	Target     string  `json:"target"`
	Do         rule.Do `json:"do"`
	Deliveries int     `json:"deliveries"`
	// Idempotent reports that doing it twice does no harm.
	Idempotent bool `json:"idempotent"`
}

// mostPlanned is how many deliveries are redelivered at once.
const mostPlanned = 1000

// Plan implements [Journal].
func (l *Local) Plan(ctx context.Context, q Query) (Plan, error) {
	states, err := revivable(q.State)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Until: q.Until, States: states, Deliveries: []work.Delivery{}}
	if p.Until.IsZero() {
		p.Until = time.Now().UTC()
	}
	q.Until = p.Until
	for _, state := range states {
		if p.More, err = l.plan(ctx, &p, q, state); err != nil || p.More {
			break
		}
	}
	p.sum()
	return p, err
}

// plan adds the deliveries in a state, and reports whether there are too many.
func (l *Local) plan(ctx context.Context, p *Plan, q Query, state work.State) (more bool, err error) {
	err = l.pages(ctx, q, state, func(page []inbox.Stored) (bool, error) {
		if len(page) == 0 {
			return true, nil
		}
		ids := make([]string, len(page))
		for i, stored := range page {
			ids[i] = stored.ID
		}
		found, err := l.Work.Deliveries(ctx, work.Filter{Events: ids, State: state, Most: mostPlanned + 1 - len(p.Deliveries)})
		if err != nil {
			return false, err
		}
		p.Deliveries = append(p.Deliveries, found...)
		more = len(p.Deliveries) > mostPlanned
		p.Deliveries = p.Deliveries[:min(len(p.Deliveries), mostPlanned)]
		return !more, nil
	})
	return more, err
}

// sum counts what the deliveries amount to.
func (p *Plan) sum() {
	events, targets := map[string]bool{}, map[PlanTarget]int{}
	for _, d := range p.Deliveries {
		events[d.EventID] = true
		targets[PlanTarget{Target: d.Action.Target, Do: d.Action.Do, Idempotent: target.Idempotent(d.Action.Do)}]++
	}
	p.Events, p.Targets = len(events), make([]PlanTarget, 0, len(targets))
	for t, n := range targets {
		t.Deliveries = n
		p.Targets = append(p.Targets, t)
	}
	slices.SortFunc(p.Targets, func(a, b PlanTarget) int {
		return strings.Compare(a.Target+" "+string(a.Do), b.Target+" "+string(b.Do))
	})
}

// revivable returns the states of deliveries that a query's state means: those
// that failed, unless it names another in which a delivery rests.
func revivable(state string) ([]work.State, error) {
	switch s := work.State(state); {
	case !isDelivery(state):
		return []work.State{work.Dead, work.Unknown}, nil
	case s.Final(), s == work.Paused:
		return []work.State{s}, nil
	}
	return nil, &ParameterError{"state", state, "one in which a delivery rests (dead, unknown, paused, superseded, done): this one goes on by itself"}
}

// RedeliverAll implements [Journal].
func (l *Local) RedeliverAll(ctx context.Context, q Query, want int) (int, error) {
	p, err := l.Plan(ctx, q)
	if err != nil {
		return 0, err
	}
	if want >= 0 && want != len(p.Deliveries) {
		return 0, fmt.Errorf("%w: %d deliveries then, %d now", ErrChanged, want, len(p.Deliveries))
	}
	ids := make([]string, len(p.Deliveries))
	for i, d := range p.Deliveries {
		ids[i] = d.ID
	}
	return l.Work.RedeliverAll(ctx, ids, p.States)
}
