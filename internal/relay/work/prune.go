package work

import (
	"context"
	"database/sql"
	"time"
)

// pruneChunk is how many rows one commit prunes.
const pruneChunk = 100

// Prune forgets what attempts asked and were answered before bodies, and
// deliveries that ended before whole, with their attempts. It returns how many
// deliveries it forgot.
func (w *Work) Prune(ctx context.Context, bodies, whole time.Time) (int64, error) {
	if _, err := w.chunks(ctx, `
UPDATE attempt SET exchanges = '[]' WHERE (delivery_id, number) IN (
	SELECT delivery_id, number FROM attempt WHERE exchanges <> '[]' AND finished < $1 LIMIT $2)`, bodies); err != nil {
		return 0, errorf("prune attempts", err)
	}
	// Attempts first: those of a delivery that is gone would be found by nobody.
	const old = `SELECT id FROM delivery WHERE updated < $1 AND untold = 0 AND state IN ('done', 'unknown', 'dead', 'superseded') ORDER BY id LIMIT $2`
	n, err := w.chunks(ctx, `DELETE FROM delivery WHERE id IN (`+old+`)`, whole, `DELETE FROM attempt WHERE delivery_id IN (`+old+`)`)
	if err != nil {
		return n, errorf("prune deliveries", err)
	}
	for more := true; more && err == nil; {
		more, err = w.store.shrink(ctx)
	}
	return n, errorf("shrink work", err)
}

// chunks repeats a statement, with others before it in one transaction, until
// it finds no more.
func (w *Work) chunks(ctx context.Context, statement string, before time.Time, first ...string) (total int64, err error) {
	for {
		var n int64
		err := w.store.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			for _, one := range append(first, statement) {
				result, err := tx.ExecContext(ctx, one, before.UnixMilli(), pruneChunk)
				if err != nil {
					return err
				}
				if n, err = result.RowsAffected(); err != nil {
					return err
				}
			}
			return nil
		})
		if total += n; err != nil || n < pruneChunk {
			return total, err
		}
	}
}
