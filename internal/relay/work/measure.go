package work

import (
	"context"
	"database/sql"

	"github.com/riverqueue/river/rivertype"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// Count is how many deliveries to a target are in a state.
type Count struct {
	Target string
	State  State
	N      int
}

// Tally counts deliveries by target and state. What is not named is none.
func (w *Work) Tally(ctx context.Context) ([]Count, error) {
	found, err := w.store.readers.QueryContext(ctx, `SELECT target, state, count(*) FROM delivery GROUP BY target, state`)
	if err != nil {
		return nil, errorf("count deliveries", err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (c Count, err error) { return c, r.Scan(&c.Target, &c.State, &c.N) })
	return list, errorf("count deliveries", err)
}

// Jobs counts the jobs by which deliveries are woken, by the queue's own words
// for their states.
func (w *Work) Jobs(ctx context.Context) (map[string]int, error) {
	found, err := w.store.readers.QueryContext(ctx, `SELECT CAST(state AS TEXT), count(*) FROM river_job GROUP BY state`)
	if err != nil {
		return nil, errorf("count jobs", err)
	}
	type count struct {
		state string
		n     int
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (c count, err error) { return c, r.Scan(&c.state, &c.n) })
	counts := map[string]int{}
	for _, state := range rivertype.JobStates() {
		counts[string(state)] = 0
	}
	for _, c := range list {
		counts[c.state] = c.n
	}
	return counts, errorf("count jobs", err)
}

// Size is how many bytes the store takes.
func (w *Work) Size(ctx context.Context) (int64, error) {
	size, err := w.store.size(ctx)
	return size, errorf("measure work", err)
}
