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
		if plan := explain(t, w, query, args...); !strings.Contains(plan, "delivery_state (state=?") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%+v: the plan is\n%s\nwant the index delivery_state, and no sorting", p, plan)
		}
	}
}

// What is old is found without a look at what is not.
func TestPruneUsesAnIndex(t *testing.T) {
	t.Parallel()
	w, err := OpenSQLite(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.close() })
	if plan := explain(t, w, ended, 1, 1); !strings.Contains(plan, "USING INDEX delivery_ended (updated<?)") || strings.Contains(plan, "TEMP B-TREE") {
		t.Errorf("the plan is\n%s\nwant the index delivery_ended, and no sorting", plan)
	}
}

func explain(t *testing.T, w *Work, query string, args ...any) string {
	t.Helper()
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
	return strings.Join(steps, "\n")
}
