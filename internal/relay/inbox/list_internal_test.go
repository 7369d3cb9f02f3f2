package inbox

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// A list of many events reads what it shows, so each filter has its index. Text
// is looked for in one event after another, the newest first.
func TestListsUseIndexes(t *testing.T) {
	t.Parallel()
	box, err := OpenSQLite(t.Context(), t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	now := time.Now()
	for name, tt := range map[string]struct {
		filter Filter
		want   string
		sorts  bool
	}{
		"newest":         {filter: Filter{}, want: "SCAN event USING INDEX sqlite_autoindex_event_1"},
		"older":          {filter: Filter{Before: "x"}, want: "USING INDEX sqlite_autoindex_event_1 (id<?)"},
		"newer":          {filter: Filter{After: "x"}, want: "USING INDEX sqlite_autoindex_event_1 (id>?)"},
		"source":         {filter: Filter{Source: "x"}, want: "USING INDEX event_source (source=?)"},
		"older of it":    {filter: Filter{Source: "x", Before: "x"}, want: "USING INDEX event_source (source=? AND id<?)"},
		"since":          {filter: Filter{Since: now}, want: "(id>?)"},
		"until":          {filter: Filter{Until: now}, want: "(id<?)"},
		"between":        {filter: Filter{Since: now, Until: now}, want: "(id>? AND id<?)"},
		"source between": {filter: Filter{Source: "x", Since: now, Until: now}, want: "(source=? AND id>? AND id<?)"},
		"ignored":        {filter: Filter{State: Ignored}, want: "event_ignored"},
		"new":            {filter: Filter{State: New}, want: "event_due", sorts: true},
		"unverified":     {filter: Filter{State: Unverified}, want: "event_unverified", sorts: true},
		"caught up":      {filter: Filter{Until: now}, want: "event_caught_up"},
	} {
		query, args := tt.filter.query()
		plan := explain(t, box, query, args)
		if !strings.Contains(plan, tt.want) {
			t.Errorf("%s: the plan is\n%s\nwant it to say %q", name, plan, tt.want)
		}
		// What is sorted is what waits or is capped, and nothing else.
		main, _, _ := strings.Cut(plan, "SUBQUERY")
		if !tt.sorts && strings.Contains(main, "TEMP B-TREE") {
			t.Errorf("%s sorts:\n%s", name, plan)
		}
	}
}

// What was caught up with is listed by the time at which it should have come,
// however much came between that and the catching up.
func TestCaughtUpIsListed(t *testing.T) {
	t.Parallel()
	box, err := OpenSQLite(t.Context(), t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	err = box.write(t.Context(), func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
INSERT INTO event (id, source, service, dedupe, method, remote, header, received, last_arrival, state)
SELECT printf('%05d', i), 's', 's', i, 'POST', CASE i WHEN 3000 THEN 'catch-up' ELSE '' END, '{}', CASE i WHEN 3000 THEN 10 ELSE i END, i, 'routed' FROM n`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := box.List(t.Context(), Filter{Until: time.UnixMilli(2000), Most: 2})
	if err != nil || len(list) != 2 || list[0].ID != "03000" || list[1].ID != "01999" {
		t.Errorf("until 2000: %+v, %v; want 03000, which came late, and 01999", list, err)
	}
}

func explain(t *testing.T, box *Inbox, query string, args []any) string {
	t.Helper()
	found, err := box.reader().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
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
