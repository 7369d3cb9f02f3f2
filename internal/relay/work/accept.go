package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
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
}

const insert = `
INSERT INTO delivery (id, event_id, service, rule, target, action, order_key, subject_since, final, occurred, expires, state, note, due, created, updated, untold)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $14, $15)
ON CONFLICT (id) DO `

const again = `UPDATE SET action = excluded.action, target = excluded.target, order_key = excluded.order_key,
	expires = excluded.expires, state = excluded.state, note = 'sent again', tries = 0,
	due = excluded.due, updated = excluded.updated, woken = 0, untold = excluded.untold
WHERE delivery.state = 'dead'`

// Accept keeps the deliveries of an event and has them carried out. Doing it
// again for the same event changes nothing, unless b.Again. It returns how many
// deliveries are new or ready again.
func (w *Work) Accept(ctx context.Context, b Batch) (int, error) {
	now := time.Now()
	statement := insert + "NOTHING"
	if b.Again {
		statement = insert + again
	}
	made := 0
	err := w.store.tx(ctx, func(tx *sql.Tx) error {
		for _, a := range b.Actions {
			args, err := row(b, a, now)
			if err != nil {
				return err
			}
			result, err := tx.ExecContext(ctx, statement, args...)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			made += int(n)
		}
		return nil
	})
	if err != nil {
		return 0, errorf("keep deliveries", err)
	}
	if made > 0 {
		err = errors.Join(w.wake(ctx, `woken = 0 AND event_id = $1`, b.Event.ID), w.tell(ctx))
	}
	return made, err
}

func row(b Batch, a rule.Action, now time.Time) ([]any, error) {
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
		expires = b.Event.Received.Add(a.MaxAge).UnixMilli()
	}
	state, untold := Ready, false
	if a.Problem != "" {
		state, untold = Dead, b.Event.Service != rule.Relay
	}
	return []any{
		a.ID, b.Event.ID, b.Event.Service, a.Rule, a.Target, string(action), a.OrderKey,
		b.SubjectSince.UnixMilli(), flag(a.Status.Final()), occurred.UnixMilli(), expires,
		state, a.Problem, now.UnixMilli(), flag(untold),
	}, nil
}

// flag is a truth in the databases' common words.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
