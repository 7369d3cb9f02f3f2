package inbox

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// Has reports whether a source's key is known.
func (b *Inbox) Has(ctx context.Context, source, key string) (bool, error) {
	var n int
	err := b.reader().QueryRowContext(ctx, `
SELECT count(*) FROM event WHERE source = $1 AND dedupe = $2`, source, key).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for event %q: %w", key, err)
	}
	return n > 0, nil
}

// Add keeps an entry that did not come by itself, unless its key is known. Other
// than by [Inbox.Put], what is known stays as it is: it is neither counted nor
// routed again. The entry's place among the others is that of its time of
// receipt, which is when it should have come; it is routed now.
func (b *Inbox) Add(ctx context.Context, e Entry) (Receipt, error) {
	header, err := json.Marshal(e.Header)
	if err != nil {
		return Receipt{}, fmt.Errorf("keep event: %w", err)
	}
	id, err := idAt(e.Received)
	if err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{ID: id}
	err = b.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, `
INSERT INTO event (id, source, service, dedupe, method, remote, header, received, last_arrival, state, route_at, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $11)
ON CONFLICT (source, dedupe) DO NOTHING`, id, e.Source, e.Service, e.Key, e.Method, e.Remote,
			string(header), e.Received.UnixMilli(), time.Now().UnixMilli(), New, e.Body)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		receipt.Duplicate = n == 0
		return err
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("keep event: %w", err)
	}
	return receipt, nil
}

// idAt gives an identifier that sorts where a time does.
func idAt(t time.Time) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an identifier: %w", err)
	}
	var millis [8]byte
	binary.BigEndian.PutUint64(millis[:], uint64(t.UnixMilli()))
	copy(id[:6], millis[2:]) // RFC 9562, section 5.7
	return id.String(), nil
}

// mostAbout bounds what is read of one subject: a build has two events, a run
// two for each of its groups.
const mostAbout = 1000

// About returns the entries of a subject whole, oldest first.
func (b *Inbox) About(ctx context.Context, source, subject string) ([]Stored, error) {
	found, err := b.reader().QueryContext(ctx, `SELECT `+head+`, header, body FROM event
WHERE source = $1 AND subject = $2 AND subject <> '' ORDER BY received LIMIT $3`, source, subject, mostAbout)
	if err != nil {
		return nil, fmt.Errorf("list events of %q: %w", subject, err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (s Stored, err error) {
		var header string
		err = s.scan(r, &header, &s.Body)
		return s, errors.Join(err, json.Unmarshal([]byte(header), &s.Header))
	})
	if err != nil {
		return nil, fmt.Errorf("list events of %q: %w", subject, err)
	}
	return list, nil
}

// Unread counts a source's entries of which nobody has said yet what they are
// about.
func (b *Inbox) Unread(ctx context.Context, source string) (n int, err error) {
	err = b.reader().QueryRowContext(ctx, `
SELECT count(*) FROM event WHERE route_at IS NOT NULL AND source = $1 AND kind = ''`, source).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count unread events: %w", err)
	}
	return n, nil
}

// Mark is how far a source is caught up. It is zero where nobody has looked yet.
type Mark struct {
	// Begun is when somebody looked first, At until when nothing is missing.
	Begun, At time.Time
}

// CaughtUp tells how far a source is caught up.
func (b *Inbox) CaughtUp(ctx context.Context, source string) (Mark, error) {
	var begun, at int64
	err := b.reader().QueryRowContext(ctx, `SELECT begun, at FROM caught_up WHERE source = $1`, source).Scan(&begun, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Mark{}, nil
	}
	if err != nil {
		return Mark{}, fmt.Errorf("read how far %q is caught up: %w", source, err)
	}
	return Mark{time.UnixMilli(begun).UTC(), time.UnixMilli(at).UTC()}, nil
}

// SetCaughtUp notes that nothing of a source is missing until a time. It never
// goes back.
func (b *Inbox) SetCaughtUp(ctx context.Context, source string, at time.Time) error {
	err := b.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO caught_up (source, begun, at) VALUES ($1, $2, $2)
ON CONFLICT (source) DO UPDATE SET at = excluded.at WHERE caught_up.at < excluded.at`, source, at.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("note how far %q is caught up: %w", source, err)
	}
	return nil
}
