package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
)

// Batch is what rules make of one event.
type Batch struct {
	Event   event.Event
	Actions []rule.Action
	// SubjectSince is when the event's subject was first heard of: what is
	// written for an older build or run gives way to a newer one's.
	SubjectSince time.Time
	// Again says that the event was sent again, or routed again by hand:
	// deliveries that are dead are made ready, as the rules now say.
	Again bool
	// Doubtful says that the event may have been routed before, by a relay of
	// which nothing is left but a backup: what must not be done twice waits for
	// a person.
	Doubtful bool
}

const insert = `
INSERT INTO delivery (id, event_id, service, rule, target, action, order_key, subject_since, final, occurred, expires, state, note, due, created, updated, untold)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $14, $15)
ON CONFLICT (id) DO `

const again = `UPDATE SET action = excluded.action, target = excluded.target, order_key = excluded.order_key,
	expires = excluded.expires, state = excluded.state, tries = 0,
	note = CASE WHEN excluded.state = 'dead' THEN excluded.note ELSE 'sent again' END,
	due = excluded.due, updated = excluded.updated, woken = 0, untold = excluded.untold
WHERE delivery.state = 'dead'`

// acceptance is a batch that waits for its commit.
type acceptance struct {
	event  string
	again  bool
	rows   [][]any
	result chan accepted
}

type accepted struct {
	made int
	err  error
}

// Accept keeps the deliveries of an event and has them carried out. Doing it
// again for the same event changes nothing, unless b.Again. It returns how many
// deliveries are new or ready again. Work has to be started.
func (w *Work) Accept(ctx context.Context, b Batch) (int, error) {
	a := acceptance{event: b.Event.ID, again: b.Again, result: make(chan accepted, 1)}
	for _, one := range b.Actions {
		args, err := row(b, one, time.Now())
		if err != nil {
			return 0, errorf("keep deliveries", err)
		}
		a.rows = append(a.rows, args)
	}
	select {
	case w.accepting <- a:
		got := <-a.result
		return got.made, got.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-w.stopped:
		return 0, errors.New("keep deliveries: work has stopped")
	}
}

// mostAccepted is how many events share a commit.
const mostAccepted = 64

// acceptGroups commits events' deliveries in groups: those that come while one
// group is being written form the next.
func (w *Work) acceptGroups(ctx context.Context) {
	for {
		var group []acceptance
		select {
		case a := <-w.accepting:
			group = append(group, a)
		case <-w.stopped:
			return
		}
		for more := true; more && len(group) < mostAccepted; {
			select {
			case a := <-w.accepting:
				group = append(group, a)
			default:
				more = false
			}
		}
		w.acceptGroup(ctx, group)
	}
}

// acceptGroup writes a group in one transaction; if that fails, each event has
// one of its own, so that a bad one fails alone.
func (w *Work) acceptGroup(ctx context.Context, group []acceptance) {
	made := make([]int, len(group))
	err := w.store.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for i, a := range group {
			n, err := a.write(ctx, tx)
			if err != nil {
				return err
			}
			made[i] = n
		}
		return nil
	})
	if err != nil && len(group) > 1 {
		for i := range group {
			w.acceptGroup(ctx, group[i:i+1])
		}
		return
	}
	if err == nil {
		err = w.wakeGroup(ctx, group)
	}
	for i, a := range group {
		a.result <- accepted{made[i], errorf("keep deliveries", err)}
	}
}

func (a acceptance) write(ctx context.Context, tx *sql.Tx) (made int, err error) {
	statement := insert + "NOTHING"
	if a.again {
		statement = insert + again
	}
	for _, args := range a.rows {
		result, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return 0, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		made += int(n)
	}
	return made, nil
}

func (w *Work) wakeGroup(ctx context.Context, group []acceptance) error {
	events := make([]any, len(group))
	for i, a := range group {
		events[i] = a.event
	}
	return errors.Join(w.wake(ctx, `woken = 0 AND event_id IN (`+places(1, len(events))+`)`, events...), w.tell(ctx))
}

// places are n placeholders, from $first on.
func places(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", first+i)
	}
	return strings.Join(list, ", ")
}

// isFinal reports whether what comes later about the same subject can only
// repeat an action. An issue's subject can be reopened.
func isFinal(a rule.Action) bool { return a.Do == rule.Status && a.Status.Final() }

func row(b Batch, a rule.Action, now time.Time) ([]any, error) {
	a.OrderKey = rows.Text(a.OrderKey)
	action, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	occurred := b.Event.Occurred
	if occurred.IsZero() {
		occurred = b.Event.Received
	}
	var expires int64
	if a.MaxAge > 0 {
		since := b.Event.Received
		if b.Again {
			since = now // whoever asks for it again wants it now
		}
		expires = since.Add(a.MaxAge).UnixMilli()
	}
	state, note, untold := Ready, a.Problem, false
	switch {
	case a.Problem != "":
		state, untold = Dead, b.Event.Service != rule.Relay
	case b.Doubtful && !target.Idempotent(a.Do):
		state, note = Unknown, sinceBackup
	}
	return []any{
		a.ID, b.Event.ID, b.Event.Service, a.Rule, a.Target, string(action), a.OrderKey,
		b.SubjectSince.UnixMilli(), flag(isFinal(a)), occurred.UnixMilli(), expires,
		state, rows.Text(note), now.UnixMilli(), flag(untold),
	}, nil
}

// flag is a truth in the databases' common words.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
