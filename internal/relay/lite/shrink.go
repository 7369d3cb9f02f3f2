package lite

import (
	"context"
	"database/sql"
	"fmt"
)

// shrinkPages is how many pages are given back at a time: that takes a few
// milliseconds.
const shrinkPages = 256

// Querier is what [Usage] and [Shrink] need of a database or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Usage is how many bytes of a file are in use, and how many are free for what
// comes.
func Usage(ctx context.Context, db Querier) (used, free int64, err error) {
	var pages, spare int64
	if err = db.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err == nil {
		err = db.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&spare)
	}
	return (pages - spare) * pageSize, spare * pageSize, err
}

// Shrink gives some free space back to the disk if more than a tenth of the
// file is free, and tells whether there is more. A tenth stays, since it will be
// used again.
func Shrink(ctx context.Context, db Querier) (more bool, err error) {
	used, free, err := Usage(ctx, db)
	if err != nil || free < used/9 || free < shrinkPages*pageSize {
		return false, err
	}
	rows, err := db.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", shrinkPages))
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() { // each step gives back a page
	}
	return true, rows.Err()
}
