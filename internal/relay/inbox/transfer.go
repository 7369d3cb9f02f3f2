package inbox

import (
	"context"
	"fmt"

	"github.com/afterdeploy/afterdeploy/internal/relay/transfer"
)

// tables are those that another inbox needs to take over.
func tables() map[string]transfer.Table {
	return map[string]transfer.Table{
		"event":     {Name: "event", Key: "id"},
		"caught_up": {Name: "caught_up", Key: "source"},
	}
}

// Export passes on everything that is kept.
func (b *Inbox) Export(ctx context.Context, emit func(transfer.Row) error) error {
	for _, name := range []string{"event", "caught_up"} {
		if err := tables()[name].Read(ctx, b.reader(), emit); err != nil {
			return fmt.Errorf("export inbox: %w", err)
		}
	}
	return nil
}

// Import adds rows of one table that Export passed on, unless they are there,
// and returns how many it added. It does not know every table.
func (b *Inbox) Import(ctx context.Context, rows []transfer.Row) (added int64, known bool, err error) {
	table, known := tables()[rows[0].Table]
	if !known {
		return 0, false, nil
	}
	statement, args, err := table.Insert(ctx, b.reader(), rows)
	if err == nil {
		added, err = b.affect(ctx, statement, args...)
	}
	if err != nil {
		return 0, true, fmt.Errorf("import inbox: %w", err)
	}
	return added, true, nil
}
