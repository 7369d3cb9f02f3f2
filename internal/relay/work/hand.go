package work

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// revive makes deliveries ready, with the schedule from its beginning. Whoever
// asks for one by hand wants it whatever its age.
const revive = `UPDATE delivery SET state = 'ready', note = $1, tries = 0, expires = 0, due = $2, updated = $2, woken = 0, untold = 0 WHERE `

// Redeliver has one finished delivery carried out again.
func (w *Work) Redeliver(ctx context.Context, id string) error {
	n, err := w.revive(ctx, `id = $3 AND state NOT IN ('ready', 'running', 'retry')`, id)
	if err != nil || n > 0 {
		return errorf("redeliver", err)
	}
	if _, err := w.Delivery(ctx, id); err != nil {
		return err
	}
	return errorf("redeliver "+id, ErrUnderway)
}

// RedeliverEvent has those deliveries of an event carried out again that did
// not succeed, unknown ones included: that a person asks is what they wait for.
// It returns how many.
func (w *Work) RedeliverEvent(ctx context.Context, eventID string) (int, error) {
	n, err := w.revive(ctx, `event_id = $3 AND state IN ('dead', 'unknown')`, eventID)
	return n, errorf("redeliver", err)
}

// RedeliverAll has some deliveries carried out again, many with one commit: those
// that are in one of the states yet. It returns how many.
func (w *Work) RedeliverAll(ctx context.Context, ids []string, states []State) (total int, err error) {
	for some := range slices.Chunk(ids, mostWoken) {
		args := make([]any, 0, len(some)+len(states))
		for _, id := range some {
			args = append(args, id)
		}
		for _, state := range states {
			args = append(args, state)
		}
		n, err := w.revive(ctx, `id IN (`+places(3, len(some))+`) AND state IN (`+places(3+len(some), len(states))+`)`, args...)
		if total += n; err != nil {
			return total, errorf("redeliver", err)
		}
	}
	return total, nil
}

// Resume ends the pause of a target, or of all if it names none, and wakes what
// waits for it.
func (w *Work) Resume(ctx context.Context, name string) (int, error) {
	err := w.store.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM paused_target WHERE name = $1 OR $1 = ''`, name)
		return err
	})
	if err != nil {
		return 0, errorf("resume", err)
	}
	// Their ages go on counting: a pause is no person's wish for old news.
	n, err := w.ready(ctx, `UPDATE delivery SET state = 'ready', note = $1, tries = 0, due = $2, updated = $2, woken = 0
WHERE state = 'paused' AND (target = $3 OR $3 = '')`, "the target was resumed", name)
	return n, errorf("resume", err)
}

func (w *Work) revive(ctx context.Context, where string, args ...any) (int, error) {
	return w.ready(ctx, revive+where, "redelivered by hand", args...)
}

// ready runs a statement that makes deliveries ready, and wakes them.
func (w *Work) ready(ctx context.Context, statement, note string, args ...any) (int, error) {
	var n int64
	now := time.Now().UnixMilli()
	err := w.store.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, statement, append([]any{note, now}, args...)...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	if err == nil && n > 0 {
		err = w.wake(ctx, `woken = 0 AND updated <= $1`, now)
	}
	return int(n), err
}
