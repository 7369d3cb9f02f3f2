package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Stored is an entry with what became of it.
type Stored struct {
	Entry
	State   State
	Note    string
	Name    string
	Kind    string
	Subject string
	// Arrivals counts how often it came, LastArrival is the last time.
	Arrivals    int64
	LastArrival time.Time
	// Tries counts how often routing it was begun since it arrived.
	Tries int64
	// Pruned reports that header and body are gone; the key is still known.
	Pruned bool
}

const head = `id, source, service, dedupe, method, remote, received, state, note, name, kind, subject, arrivals, last_arrival, tries, pruned`

// scan reads the columns of head into s, and what follows them into more.
func (s *Stored) scan(row interface{ Scan(...any) error }, more ...any) error {
	var received, last int64
	var pruned int
	err := row.Scan(append([]any{&s.ID, &s.Source, &s.Service, &s.Key, &s.Method, &s.Remote, &received,
		&s.State, &s.Note, &s.Name, &s.Kind, &s.Subject, &s.Arrivals, &last, &s.Tries, &pruned}, more...)...)
	s.Received, s.LastArrival = time.UnixMilli(received).UTC(), time.UnixMilli(last).UTC()
	s.Unverified, s.Pruned = s.State == Unverified, pruned != 0
	return err
}

// Get returns an entry whole.
func (b *Inbox) Get(ctx context.Context, id string) (Stored, error) {
	var s Stored
	var header string
	err := s.scan(b.reader().QueryRowContext(ctx, `SELECT `+head+`, header, body FROM event WHERE id = $1`, id), &header, &s.Body)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(header), &s.Header)
	}
	if err != nil {
		return Stored{}, fmt.Errorf("read event %q: %w", id, err)
	}
	return s, nil
}

// FirstOf tells when the first entry of a subject was received: by that, one
// build or run is older than another. It is zero if there is none.
func (b *Inbox) FirstOf(ctx context.Context, source, subject string) (time.Time, error) {
	var first sql.NullInt64
	err := b.reader().QueryRowContext(ctx, `
SELECT min(received) FROM event WHERE source = $1 AND subject = $2 AND subject <> ''`, source, subject).Scan(&first)
	if err != nil {
		return time.Time{}, fmt.Errorf("find first event of %q: %w", subject, err)
	}
	if !first.Valid {
		return time.Time{}, nil
	}
	return time.UnixMilli(first.Int64).UTC(), nil
}

// Waiting counts what is not routed yet, and tells since when the oldest waits.
func (b *Inbox) Waiting(ctx context.Context) (n int64, since time.Time, err error) {
	var oldest sql.NullInt64
	err = b.reader().QueryRowContext(ctx, `
SELECT count(*), min(last_arrival) FROM event WHERE route_at IS NOT NULL`).Scan(&n, &oldest)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count waiting events: %w", err)
	}
	if oldest.Valid {
		since = time.UnixMilli(oldest.Int64).UTC()
	}
	return n, since, nil
}
