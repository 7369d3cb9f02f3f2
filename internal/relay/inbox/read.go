package inbox

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
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

// Filter chooses entries. Its zero value chooses the newest.
type Filter struct {
	// IDs, if there are any, are the only entries considered.
	IDs    []string
	Source string
	State  State
	// Text is looked for in the subject, name, note and key.
	Text string
	// Since and Until bound the time of receipt.
	Since, Until time.Time
	// Before continues a list after the entry with this identifier.
	Before string
	// Most is how many; 0 means 100.
	Most int
}

// List returns entries without header and body, newest first.
func (b *Inbox) List(ctx context.Context, f Filter) ([]Stored, error) {
	var (
		where []string
		args  []any
	)
	add := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(args))))
	}
	if len(f.IDs) > 0 {
		places := make([]string, len(f.IDs))
		for i, id := range f.IDs {
			args = append(args, id)
			places[i] = fmt.Sprintf("$%d", len(args))
		}
		where = append(where, "id IN ("+strings.Join(places, ", ")+")")
	}
	if f.Source != "" {
		add("source = ?", f.Source)
	}
	if f.State != "" {
		add("state = ?", f.State)
	}
	if f.Text != "" {
		add(`lower(subject || ' ' || name || ' ' || note || ' ' || dedupe) LIKE ? ESCAPE '\'`, "%"+escapeLike(strings.ToLower(f.Text))+"%")
	}
	if !f.Since.IsZero() {
		add("received >= ?", f.Since.UnixMilli())
	}
	if !f.Until.IsZero() {
		add("received < ?", f.Until.UnixMilli())
	}
	if f.Before != "" {
		add("id < ?", f.Before)
	}
	query := `SELECT ` + head + ` FROM event`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, " AND ")
	}
	args = append(args, cmp.Or(f.Most, 100))
	found, err := b.reader().QueryContext(ctx, fmt.Sprintf("%s ORDER BY id DESC LIMIT $%d", query, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (s Stored, err error) { return s, s.scan(r) })
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return list, nil
}

// escapeLike makes text match itself in a LIKE pattern.
func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
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
