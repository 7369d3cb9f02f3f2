// Package inbox keeps what the relay receives before anybody is told that it
// was received. It knows requests, their dedupe keys and whether they were
// routed; what they mean and what is done about them is for others.
package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Entry is one request as it was received, with secrets already replaced.
type Entry struct {
	ID      string
	Source  string
	Service string
	// Key tells a repeated request from a new one within its source.
	Key      string
	Method   string
	Remote   string
	Header   http.Header
	Body     []byte
	Received time.Time
	// Unverified marks a request that no secret vouches for. It is kept to be
	// looked at and never routed.
	Unverified bool
}

// Receipt is what the sender is told.
type Receipt struct {
	ID string
	// Duplicate reports that the key was known: ID is the first request's.
	Duplicate bool
}

// State is how far an entry has come.
type State string

// The states.
const (
	New        State = "new"        // kept, not routed
	Routed     State = "routed"     // became deliveries
	Ignored    State = "ignored"    // no rule wanted it; the note says why
	Unverified State = "unverified" // for the page only
	// Doubtful was not routed when the backup was made from which it was
	// restored. It may have been since.
	Doubtful State = "restored"
)

// Fresh reports whether an entry was not routed yet, as far as is known.
func (s State) Fresh() bool { return s == New || s == Doubtful }

// The reasons for which an entry cannot be kept or read.
var (
	ErrFull     = errors.New("the inbox has no room")
	ErrNotFound = errors.New("the inbox has no such event")
	ErrLocked   = errors.New("another relay works on this directory")
)

// Inbox is a store of entries on SQLite or Postgres.
type Inbox struct {
	engine
	writing atomic.Int64 // writes under way
	refused atomic.Int64 // size of the largest that failed since it was last proved that one fits
}

// engine is what differs between the stores. Both take the same SQL.
type engine interface {
	// write runs fn, which executes one statement, and returns when its effect
	// is on disk.
	write(ctx context.Context, fn func(context.Context, querier) error) error
	// reader reads what was committed, without waiting for writers.
	reader() querier
	// skipLocked is the clause by which two relays on one store do not claim
	// the same entry.
	skipLocked() string
	// observe has each commit told to fn.
	observe(fn func(took time.Duration, failed int))
	size(ctx context.Context) (int64, error)
	// usage is how many bytes are in use and how many may be; without a bound
	// both are 0.
	usage(ctx context.Context) (used, most int64, err error)
	// shrink gives some free space back to the disk, and tells whether there
	// is more.
	shrink(ctx context.Context) (more bool, err error)
	close() error
}

// querier is [sql.DB] or [sql.Tx].
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Close ends the store after what is being written is on disk.
func (b *Inbox) Close() error { return b.close() }

// Size is how many bytes the store takes.
func (b *Inbox) Size(ctx context.Context) (int64, error) {
	size, err := b.size(ctx)
	if err != nil {
		return 0, fmt.Errorf("measure inbox: %w", err)
	}
	return size, nil
}

const (
	insert = `
INSERT INTO event (id, source, service, dedupe, method, remote, header, received, last_arrival, state, route_at, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11)
ON CONFLICT (source, dedupe) DO NOTHING`
	count = `
UPDATE event SET arrivals = arrivals + 1, last_arrival = $3, route_at = $4
WHERE source = $1 AND dedupe = $2 RETURNING id`
)

// Put keeps an entry and returns when it is on disk. The dedupe key is claimed
// by the same commit, so a request that could not be kept leaves nothing that
// would make its honest repetition a duplicate. A repeated request is counted
// and routed again, so that a deliberate redelivery can revive what failed.
func (b *Inbox) Put(ctx context.Context, e Entry) (Receipt, error) {
	header, err := json.Marshal(e.Header)
	if err != nil {
		return Receipt{}, fmt.Errorf("keep event: %w", err)
	}
	id, err := newID()
	if err != nil {
		return Receipt{}, err
	}
	state, key, routeAt := New, e.Key, sql.NullInt64{Int64: e.Received.UnixMilli(), Valid: true}
	if e.Unverified {
		if err := b.roomForUnverified(ctx, e.Source); err != nil {
			return Receipt{}, err
		}
		// A name space of their own: nobody without the secret can claim the
		// key of a request to come.
		state, key, routeAt = Unverified, "unverified:"+e.Key, sql.NullInt64{}
	}
	receipt := Receipt{ID: id}
	err = b.write(ctx, func(ctx context.Context, q querier) error {
		// Two statements and no upsert that returns: for that SQLite copies
		// every page it touches, lest it has to undo it.
		result, err := q.ExecContext(ctx, insert, id, e.Source, e.Service, key, e.Method, e.Remote,
			string(header), e.Received.UnixMilli(), state, routeAt, e.Body)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); n > 0 || err != nil {
			return err
		}
		receipt.Duplicate = true
		return q.QueryRowContext(ctx, count, e.Source, key, e.Received.UnixMilli(), routeAt).Scan(&receipt.ID)
	})
	if err != nil {
		b.remember(err, len(e.Body))
		return Receipt{}, fmt.Errorf("keep event: %w", err)
	}
	return receipt, nil
}

// mostUnverified is how many unverified entries a source may have: anybody can
// send them.
const mostUnverified = 50

func (b *Inbox) roomForUnverified(ctx context.Context, source string) error {
	var n int
	err := b.reader().QueryRowContext(ctx, `
SELECT count(*) FROM event WHERE source = $1 AND state = 'unverified'`, source).Scan(&n)
	if err == nil && n >= mostUnverified {
		err = fmt.Errorf("%w for more than %d unverified events of source %q", ErrFull, mostUnverified, source)
	}
	if err != nil {
		return fmt.Errorf("keep unverified event: %w", err)
	}
	return nil
}

// newID gives identifiers that sort by time.
func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an identifier: %w", err)
	}
	return id.String(), nil
}
