package inbox

import (
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
