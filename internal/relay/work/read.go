package work

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

const head = `id, event_id, action, state, note, url, tries, due, created, updated`

// scan reads the columns of head into d, and what follows them into more.
func (d *Delivery) scan(row interface{ Scan(...any) error }, more ...any) error {
	var (
		action                string
		due, created, updated int64
	)
	err := row.Scan(append([]any{&d.ID, &d.EventID, &action, &d.State, &d.Note, &d.URL, &d.Tries, &due, &created, &updated}, more...)...)
	if err != nil {
		return err
	}
	d.Due, d.Created, d.Updated = moment(due), moment(created), moment(updated)
	d.Action, err = decode(action)
	return err
}

func moment(millis int64) time.Time { return time.UnixMilli(millis).UTC() }

// Delivery returns one delivery.
func (w *Work) Delivery(ctx context.Context, id string) (Delivery, error) {
	var d Delivery
	err := d.scan(w.store.readers.QueryRowContext(ctx, `SELECT `+head+` FROM delivery WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return d, errorf(fmt.Sprintf("read delivery %q", id), err)
}

// Filter chooses deliveries. Its zero value chooses the newest.
type Filter struct {
	Events []string
	State  State
	Target string
	// Most is how many; 0 means 100.
	Most int
}

// Deliveries lists deliveries, those of the newest event first.
func (w *Work) Deliveries(ctx context.Context, f Filter) ([]Delivery, error) {
	where, args := []string{"1 = 1"}, []any{}
	add := func(column string, values ...any) {
		where = append(where, column+" IN ("+places(len(args)+1, len(values))+")")
		args = append(args, values...)
	}
	if len(f.Events) > 0 {
		ids := make([]any, len(f.Events))
		for i, id := range f.Events {
			ids[i] = id
		}
		add("event_id", ids...)
	}
	if f.State != "" {
		add("state", f.State)
	}
	if f.Target != "" {
		add("target", f.Target)
	}
	args = append(args, cmp.Or(f.Most, 100))
	found, err := w.store.readers.QueryContext(ctx, fmt.Sprintf(`SELECT `+head+` FROM delivery WHERE %s ORDER BY event_id DESC, rule, id LIMIT $%d`,
		strings.Join(where, " AND "), len(args)), args...)
	if err != nil {
		return nil, errorf("list deliveries", err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (d Delivery, err error) { return d, d.scan(r) })
	return list, errorf("list deliveries", err)
}

// Page is a part of a list of events: from before one of them, or from after
// one, where the oldest come first.
type Page struct {
	Before, After string
	// Most is how many; 0 means 100.
	Most int
}

// EventsIn lists events that have a delivery in a state, newest first, or oldest
// first from after one.
func (w *Work) EventsIn(ctx context.Context, state State, p Page) ([]string, error) {
	query, args := eventsIn(state, p)
	found, err := w.store.readers.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, errorf("list events", err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) })
	return list, errorf("list events", err)
}

func eventsIn(state State, p Page) (string, []any) {
	bound, direction, from := "event_id < $2", "DESC", p.Before
	switch {
	case p.After != "":
		bound, direction, from = "event_id > $2", "ASC", p.After
	case p.Before == "":
		bound = "$2 = ''"
	}
	return fmt.Sprintf(`SELECT DISTINCT event_id FROM delivery WHERE state = $1 AND %s ORDER BY event_id %s LIMIT $3`, bound, direction),
		[]any{state, from, cmp.Or(p.Most, 100)}
}

// Attempts lists a delivery's attempts, the first first.
func (w *Work) Attempts(ctx context.Context, id string) ([]Attempt, error) {
	found, err := w.store.readers.QueryContext(ctx, `
SELECT number, started, finished, outcome, status, note, exchanges FROM attempt WHERE delivery_id = $1 ORDER BY number`, id)
	if err != nil {
		return nil, errorf("list attempts", err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (Attempt, error) {
		var (
			a        Attempt
			started  int64
			finished sql.NullInt64
			said     []byte
		)
		if err := r.Scan(&a.Number, &started, &finished, &a.Outcome, &a.Status, &a.Note, &said); err != nil {
			return a, err
		}
		a.Started = moment(started)
		if finished.Valid {
			a.Finished = moment(finished.Int64)
		}
		return a, json.Unmarshal(said, &a.Exchanges)
	})
	return list, errorf("list attempts", err)
}

// Pause is a target that nothing goes to.
type Pause struct {
	Target string    `json:"target"`
	Since  time.Time `json:"since"`
	Note   string    `json:"note"`
}

// Pauses lists the targets that are paused.
func (w *Work) Pauses(ctx context.Context) ([]Pause, error) {
	found, err := w.store.readers.QueryContext(ctx, `SELECT name, since, note FROM paused_target ORDER BY name`)
	if err != nil {
		return nil, errorf("list paused targets", err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (Pause, error) {
		var (
			p     Pause
			since int64
		)
		err := r.Scan(&p.Target, &since, &p.Note)
		p.Since = moment(since)
		return p, err
	})
	return list, errorf("list paused targets", err)
}

// Counts tells how many deliveries are in each state.
func (w *Work) Counts(ctx context.Context) (map[State]int, error) {
	found, err := w.store.readers.QueryContext(ctx, `SELECT state, count(*) FROM delivery GROUP BY state`)
	if err != nil {
		return nil, errorf("count deliveries", err)
	}
	defer found.Close()
	counts := map[State]int{}
	for found.Next() {
		var (
			state State
			n     int
		)
		if err := found.Scan(&state, &n); err != nil {
			return nil, errorf("count deliveries", err)
		}
		counts[state] = n
	}
	return counts, errorf("count deliveries", found.Err())
}

// OldestReady tells since when the delivery waits that could have been
// attempted longest ago. It is zero where none waits.
func (w *Work) OldestReady(ctx context.Context, now time.Time) (time.Time, error) {
	var oldest sql.NullInt64
	err := w.store.readers.QueryRowContext(ctx, `
SELECT min(due) FROM delivery WHERE state IN ('ready', 'retry') AND due <= $1`, now.UnixMilli()).Scan(&oldest)
	if err != nil || !oldest.Valid {
		return time.Time{}, errorf("find oldest delivery", err)
	}
	return moment(oldest.Int64), nil
}

// Failed reports whether an event has deliveries that sending it again revives.
func (w *Work) Failed(ctx context.Context, eventID string) (bool, error) {
	var n int
	err := w.store.readers.QueryRowContext(ctx, `
SELECT count(*) FROM delivery WHERE event_id = $1 AND state = 'dead'`, eventID).Scan(&n)
	return n > 0, errorf("look for failed deliveries", err)
}
