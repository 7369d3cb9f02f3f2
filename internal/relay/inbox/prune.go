package inbox

import (
	"context"
	"fmt"
	"time"
)

// pruneChunk is how many rows one commit prunes, so that none makes an
// acknowledgement wait for long.
const pruneChunk = 200

// Prune drops headers and bodies received before bodies, and whole entries last
// seen before keys. What waits to be routed stays. It returns how many entries
// it touched.
func (b *Inbox) Prune(ctx context.Context, bodies, keys time.Time) (int64, error) {
	var total int64
	for _, step := range []struct {
		statement string
		before    time.Time
	}{
		{`UPDATE event SET header = '{}', body = NULL, pruned = 1 WHERE id IN (
			SELECT id FROM event WHERE received < $1 AND pruned = 0 AND route_at IS NULL LIMIT $2)`, bodies},
		{`DELETE FROM event WHERE id IN (
			SELECT id FROM event WHERE received < $1 AND last_arrival < $1 AND route_at IS NULL LIMIT $2)`, keys},
	} {
		for {
			var n int64
			err := b.write(ctx, func(ctx context.Context, q querier) error {
				result, err := q.ExecContext(ctx, step.statement, step.before.UnixMilli(), pruneChunk)
				if err != nil {
					return err
				}
				n, err = result.RowsAffected()
				return err
			})
			if err != nil {
				return total, fmt.Errorf("prune inbox: %w", err)
			}
			total += n
			if n < pruneChunk {
				break
			}
		}
	}
	return total, nil
}
