package work

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// The events with a delivery in a state are found by an index, in its order.
func TestEventsInUsesAnIndex(t *testing.T) {
	t.Parallel()
	w, err := OpenSQLite(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.close() })
	for _, p := range []Page{{}, {Before: "x"}, {After: "x"}} {
		query, args := eventsIn(Dead, p)
		found, err := w.store.readers.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := rows.Collect(found, func(r *sql.Rows) (step string, err error) {
			var id, parent, unused int
			return step, r.Scan(&id, &parent, &unused, &step)
		})
		if err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(steps, "\n"); !strings.Contains(plan, "delivery_state (state=?") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%+v: the plan is\n%s\nwant the index delivery_state, and no sorting", p, plan)
		}
	}
}
