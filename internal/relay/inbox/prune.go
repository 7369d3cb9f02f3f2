package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// What one commit prunes at most, so that none makes an acknowledgement wait
// for long. Dropping a body means to visit each of its pages.
const (
	pruneChunk = 200
	pruneBytes = 4 << 20
	prunePage  = 1000 // entries that are looked at together
)

// Prune drops headers and bodies received before bodies, and whole entries last
// seen before keys. What waits to be routed stays. It returns how many entries
// it touched.
func (b *Inbox) Prune(ctx context.Context, bodies, keys time.Time) (int64, error) {
	total, err := b.dropBodies(ctx, bodies, 0)
	for more := true; more && err == nil; {
		var n int64
		n, err = b.dropEntries(ctx, keys)
		total, more = total+n, n == pruneChunk
	}
	for more := true; more && err == nil; {
		more, err = b.shrink(ctx)
	}
	if err != nil {
		return total, fmt.Errorf("prune inbox: %w", err)
	}
	return total, nil
}

// old is an entry whose body can go.
type old struct {
	id       string
	received int64
	size     int64
}

// dropBodies drops headers and bodies received before a time, oldest first: all
// of them, or about most.
func (b *Inbox) dropBodies(ctx context.Context, before time.Time, most int64) (total int64, err error) {
	for after := int64(0); ; {
		page, err := b.withBodies(ctx, after, before)
		if err != nil || len(page) == 0 {
			return total, err
		}
		after = page[len(page)-1].received
		for len(page) > 0 {
			n := chunk(page)
			dropped, err := b.dropBodiesOf(ctx, page[:n])
			if total += dropped; err != nil || most > 0 && total >= most {
				return total, err
			}
			page = page[n:]
		}
	}
}

func (b *Inbox) withBodies(ctx context.Context, after int64, before time.Time) ([]old, error) {
	found, err := b.reader().QueryContext(ctx, `
SELECT id, received, coalesce(length(body), 0) FROM event
WHERE received >= $1 AND received < $2 AND pruned = 0 AND route_at IS NULL ORDER BY received LIMIT $3`, after, before.UnixMilli(), prunePage)
	if err != nil {
		return nil, err
	}
	return rows.Collect(found, func(r *sql.Rows) (o old, err error) { return o, r.Scan(&o.id, &o.received, &o.size) })
}

// chunk is how many entries of a page fit into one commit, one at least.
func chunk(page []old) int {
	var size int64
	for i, o := range page[:min(len(page), pruneChunk)] {
		if size += o.size; size > pruneBytes && i > 0 {
			return i
		}
	}
	return min(len(page), pruneChunk)
}

func (b *Inbox) dropBodiesOf(ctx context.Context, list []old) (int64, error) {
	places, ids := make([]string, len(list)), make([]any, len(list))
	for i, o := range list {
		places[i], ids[i] = fmt.Sprintf("$%d", i+1), o.id
	}
	return b.affect(ctx, `
UPDATE event SET header = '{}', body = NULL, pruned = 1
WHERE pruned = 0 AND route_at IS NULL AND id IN (`+strings.Join(places, ", ")+`)`, ids...)
}

// dropEntries drops some entries that were last seen before a time.
func (b *Inbox) dropEntries(ctx context.Context, before time.Time) (int64, error) {
	return b.affect(ctx, `
DELETE FROM event WHERE id IN (
	SELECT id FROM event WHERE received < $1 AND last_arrival < $1 AND route_at IS NULL ORDER BY received LIMIT $2)`,
		before.UnixMilli(), pruneChunk)
}
