package inbox

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// Filter chooses entries. Its zero value chooses the newest.
type Filter struct {
	// IDs, if there are any, are the only entries considered.
	IDs     []string
	Source  string
	Service string
	State   State
	// Text is looked for in the subject, name, note and key.
	Text string
	// Since and Until bound the time of receipt.
	Since, Until time.Time
	// Before continues a list after the entry with this identifier, After
	// before it: there it chooses the oldest of those that are newer.
	Before, After string
	// Most is how many; 0 means 100.
	Most int
}

// List returns entries without header and body, newest first.
func (b *Inbox) List(ctx context.Context, f Filter) ([]Stored, error) {
	query, args := f.query()
	found, err := b.reader().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (s Stored, err error) { return s, s.scan(r) })
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	if f.After != "" {
		slices.Reverse(list)
	}
	return list, nil
}

// The identifiers sort by the time of receipt, but for entries that are received
// at once: the first identifier since a time is one of the first entries since
// then. With that a list reads what it shows and not what is newer.
const (
	firstSince = `id >= (SELECT min(id) FROM (SELECT id FROM event WHERE received >= ? ORDER BY received LIMIT 1000) AS near)`
	lastUntil  = `id <= (SELECT max(id) FROM (SELECT id FROM event WHERE received < ? ORDER BY received DESC LIMIT 1000) AS near)`
)

// query writes the filter in SQL.
func (f Filter) query() (string, []any) {
	var w where
	if len(f.IDs) > 0 {
		w.in("id", f.IDs)
	}
	w.equal("source", f.Source)
	w.equal("service", f.Service)
	if f.State != "" {
		w.all = append(w.all, f.State.condition())
	}
	if f.Text != "" {
		w.add(`lower(subject || ' ' || name || ' ' || note || ' ' || dedupe) LIKE ? ESCAPE '\'`, "%"+escapeLike(strings.ToLower(f.Text))+"%")
	}
	if !f.Since.IsZero() {
		w.add("received >= ? AND "+firstSince, f.Since.UnixMilli())
	}
	if !f.Until.IsZero() {
		w.add("received < ? AND "+lastUntil, f.Until.UnixMilli())
	}
	if f.Before != "" {
		w.add("id < ?", f.Before)
	}
	direction := "DESC"
	if f.After != "" {
		w.add("id > ?", f.After)
		direction = "ASC"
	}
	condition := strings.Join(append([]string{"1 = 1"}, w.all...), " AND ")
	w.args = append(w.args, cmp.Or(f.Most, 100))
	return fmt.Sprintf(`SELECT %s FROM event WHERE %s ORDER BY id %s LIMIT $%d`, head, condition, direction, len(w.args)), w.args
}

// condition chooses a state by the index that there is for it. A partial index
// serves only a condition that says what the index says.
func (s State) condition() string {
	switch s {
	case New:
		return `state = 'new' AND id IN (SELECT id FROM event WHERE route_at IS NOT NULL)`
	case Routed:
		return `state = 'routed'`
	case Ignored:
		return `state = 'ignored'`
	case Unverified:
		return `state = 'unverified' AND id IN (SELECT id FROM event WHERE state = 'unverified')`
	}
	return `1 = 0`
}

// where gathers conditions, in which ? stands for the argument.
type where struct {
	all  []string
	args []any
}

func (w *where) add(condition string, arg any) {
	w.args = append(w.args, arg)
	w.all = append(w.all, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(w.args))))
}

// equal asks for a value, unless it is empty.
func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = ?", value)
	}
}

func (w *where) in(column string, values []string) {
	places := make([]string, len(values))
	for i, value := range values {
		w.args = append(w.args, value)
		places[i] = fmt.Sprintf("$%d", len(w.args))
	}
	w.all = append(w.all, column+" IN ("+strings.Join(places, ", ")+")")
}

// escapeLike makes text match itself in a LIKE pattern.
func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// Tally is what came from one source.
type Tally struct {
	Source string
	Events int64
	// Unverified counts those among them that nothing vouches for.
	Unverified int64
	// Last is when the newest came first.
	Last time.Time
}

// Tallies counts entries by source, in the order of names.
func (b *Inbox) Tallies(ctx context.Context) ([]Tally, error) {
	found, err := b.reader().QueryContext(ctx, `
SELECT t.source, t.n, (SELECT count(*) FROM event u WHERE u.source = t.source AND u.state = 'unverified'), e.received
FROM (SELECT source, count(*) AS n, max(id) AS last FROM event GROUP BY source) AS t JOIN event AS e ON e.id = t.last
ORDER BY t.source`)
	if err != nil {
		return nil, fmt.Errorf("count events: %w", err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (Tally, error) {
		var (
			t    Tally
			last int64
		)
		err := r.Scan(&t.Source, &t.Events, &t.Unverified, &last)
		t.Last = time.UnixMilli(last).UTC()
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("count events: %w", err)
	}
	return list, nil
}
