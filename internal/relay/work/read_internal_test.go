package work

import (
	"strings"
	"testing"
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
		var plan []string
		for found.Next() {
			var id, parent, unused int
			var step string
			if err := found.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, step)
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		_ = found.Close()
		if text := strings.Join(plan, "\n"); !strings.Contains(text, "delivery_state (state=?") || strings.Contains(text, "TEMP B-TREE") {
			t.Errorf("%+v: the plan is\n%s\nwant the index delivery_state, and no sorting", p, text)
		}
	}
}
