package work

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// pruneChunk is how many rows one commit prunes.
const pruneChunk = 100

// Prune forgets what attempts asked and were answered before bodies, and
// deliveries that ended before whole, with their attempts. It returns how many
// deliveries it forgot.
func (w *Work) Prune(ctx context.Context, bodies, whole time.Time) (int64, error) {
	if _, err := chunks(func() (int64, error) { return w.dropSaid(ctx, bodies) }); err != nil {
		return 0, errorf("prune attempts", err)
	}
	n, err := chunks(func() (int64, error) { return w.dropEnded(ctx, whole) })
	if err != nil {
		return n, errorf("prune deliveries", err)
	}
	for more := true; more && err == nil; {
		more, err = w.store.shrink(ctx)
	}
	return n, errorf("shrink work", err)
}

// chunks repeats what prunes some rows until it finds no more.
func chunks(prune func() (int64, error)) (total int64, err error) {
	for {
		n, err := prune()
		if total += n; err != nil || n < pruneChunk {
			return total, err
		}
	}
}

// dropSaid forgets what some attempts asked and were answered.
func (w *Work) dropSaid(ctx context.Context, before time.Time) (n int64, err error) {
	err = w.store.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `
UPDATE attempt SET exchanges = '[]' WHERE (delivery_id, number) IN (
	SELECT delivery_id, number FROM attempt WHERE exchanges <> '[]' AND finished < $1 LIMIT $2)`, before.UnixMilli(), pruneChunk)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// ended finds the deliveries that ended longest ago. That they are in none of the
// other states is what their index says, which a condition has to say alike.
const ended = `
SELECT id FROM delivery WHERE updated < $1 AND untold = 0 AND state NOT IN ('ready', 'running', 'retry', 'paused') ORDER BY updated LIMIT $2 `

// dropEnded forgets some deliveries with their attempts. They are chosen once and
// kept from other relays: attempts of a delivery that is gone would be found by
// nobody.
func (w *Work) dropEnded(ctx context.Context, before time.Time) (n int64, err error) {
	err = w.store.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		found, err := tx.QueryContext(ctx, ended+w.store.lock, before.UnixMilli(), pruneChunk)
		if err != nil {
			return err
		}
		ids, err := rows.Collect(found, func(r *sql.Rows) (any, error) {
			var id string
			return &id, r.Scan(&id)
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		n = int64(len(ids))
		_, err1 := tx.ExecContext(ctx, `DELETE FROM attempt WHERE delivery_id IN (`+places(1, len(ids))+`)`, ids...)
		_, err2 := tx.ExecContext(ctx, `DELETE FROM delivery WHERE id IN (`+places(1, len(ids))+`)`, ids...)
		return errors.Join(err1, err2)
	})
	return n, err
}
