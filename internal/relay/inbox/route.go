package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// Claim is a batch of entries that one router works on.
type Claim struct {
	IDs []string // oldest first
	// Until is when the claim ends and others may take them.
	Until time.Time
}

// Claim takes entries that wait to be routed and hides them from other claims
// for the time of the lease. Who routed one calls [Inbox.Settle].
func (b *Inbox) Claim(ctx context.Context, now time.Time, lease time.Duration, most int) (Claim, error) {
	claim := Claim{Until: now.Add(lease)}
	err := b.write(ctx, func(ctx context.Context, q querier) error {
		found, err := q.QueryContext(ctx, `
UPDATE event SET route_at = $1, tries = tries + 1 WHERE id IN (
	SELECT id FROM event WHERE route_at <= $2 ORDER BY route_at LIMIT $3 `+b.skipLocked()+`)
RETURNING id`, claim.Until.UnixMilli(), now.UnixMilli(), most)
		if err != nil {
			return err
		}
		claim.IDs, err = rows.Collect(found, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) })
		return err
	})
	if err != nil {
		return Claim{}, fmt.Errorf("claim events: %w", err)
	}
	slices.Sort(claim.IDs)
	return claim, nil
}

const (
	describe = `UPDATE event SET name = $2, kind = $3, subject = $4 WHERE id = $1`
	settle   = `
UPDATE event SET state = $2, note = $3, tries = 0, route_at = CASE WHEN route_at = $4 THEN NULL ELSE route_at END
WHERE id = $1`
)

// Describe keeps what an entry is about, as far as parsing it told.
func (b *Inbox) Describe(ctx context.Context, id, name, kind, subject string) error {
	return b.update(ctx, "describe", id, describe, id, name, kind, subject)
}

// Settle records that an entry of a claim was routed; the note is a sentence
// for people. One that arrived again since the claim stays to be routed again.
func (b *Inbox) Settle(ctx context.Context, id string, claimed time.Time, state State, note string) error {
	return b.update(ctx, "settle", id, settle, id, state, rows.Text(note), claimed.UnixMilli())
}

// Defer puts the routing of an entry off.
func (b *Inbox) Defer(ctx context.Context, id string, until time.Time, note string) error {
	return b.update(ctx, "defer", id, `
UPDATE event SET route_at = $2, note = $3 WHERE id = $1`, id, until.UnixMilli(), rows.Text(note))
}

// Reroute has an entry routed again, now.
func (b *Inbox) Reroute(ctx context.Context, id string, now time.Time) error {
	return b.update(ctx, "reroute", id, `
UPDATE event SET route_at = $2
WHERE id = $1 AND state <> 'unverified' AND pruned = 0`, id, now.UnixMilli())
}

func (b *Inbox) update(ctx context.Context, verb, id, statement string, args ...any) error {
	touched, err := b.affect(ctx, statement, args...)
	if err == nil && touched == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s event %s: %w", verb, id, err)
	}
	return nil
}
