package work

import (
	"context"

	"github.com/afterdeploy/afterdeploy/internal/relay/transfer"
)

// tables are those that another work needs to take over. The queue's are not:
// what is not finished is woken anew.
func tables() map[string]transfer.Table {
	return map[string]transfer.Table{
		"delivery":      {Name: "delivery", Key: "id"},
		"attempt":       {Name: "attempt", Key: "delivery_id, number"},
		"paused_target": {Name: "paused_target", Key: "name"},
	}
}

// Export passes on every delivery with its attempts, and every pause.
func (w *Work) Export(ctx context.Context, emit func(transfer.Row) error) error {
	for _, name := range []string{"delivery", "attempt", "paused_target"} {
		if err := tables()[name].Read(ctx, w.store.readers, func(r transfer.Row) error {
			if name == "delivery" {
				r.Values["woken"] = transfer.Value{Any: int64(0)}
			}
			return emit(r)
		}); err != nil {
			return errorf("export work", err)
		}
	}
	return nil
}

// Import adds rows of one table that Export passed on, unless they are there,
// and returns how many it added. It does not know every table.
func (w *Work) Import(ctx context.Context, rows []transfer.Row) (added int64, known bool, err error) {
	table, known := tables()[rows[0].Table]
	if !known {
		return 0, false, nil
	}
	statement, args, err := table.Insert(ctx, w.store.readers, rows)
	if err != nil {
		return 0, true, errorf("import work", err)
	}
	result, err := w.store.db.ExecContext(ctx, statement, args...)
	if err == nil {
		added, err = result.RowsAffected()
	}
	return added, true, errorf("import work", err)
}
