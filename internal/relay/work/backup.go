package work

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/lite"
	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
)

// sinceBackup is the note of what a restored relay must not guess about.
const sinceBackup = "a backup was restored, and it may have been carried out since that was made"

// Backup copies the work of a data directory, which may be in use.
func Backup(ctx context.Context, dir, to string) error {
	return errorf("back up work", lite.Copy(ctx, filepath.Join(dir, File), filepath.Join(to, File)))
}

// Restored makes a directory's work, a copy, fit to go on from. Whoever it was
// copied from may have carried out since what waits in it: what must not be
// done twice waits for a person.
func Restored(ctx context.Context, dir string) error {
	db, err := lite.Open(ctx, filepath.Join(dir, File), lite.Options{})
	if err != nil {
		return errorf("restore work", err)
	}
	err = store{db: db}.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		found, err := tx.QueryContext(ctx, `SELECT id, action FROM delivery WHERE state IN ('ready', 'running', 'retry', 'paused')`)
		if err != nil {
			return err
		}
		list, err := rows.Collect(found, scanPending)
		for i := 0; i < len(list) && err == nil; i++ {
			if !target.Idempotent(list[i].do) {
				err = doubt(ctx, tx, list[i].id, time.Now())
			}
		}
		return err
	})
	return errors.Join(errorf("restore work", err), db.Close())
}

// pending is a delivery that was not finished.
type pending struct {
	id string
	do rule.Do
}

func scanPending(r *sql.Rows) (p pending, err error) {
	var text string
	if err := r.Scan(&p.id, &text); err != nil {
		return p, err
	}
	action, err := decode(text)
	p.do = action.Do
	return p, err
}

// doubt makes a delivery unknown, with an attempt that has no end.
func doubt(ctx context.Context, tx *sql.Tx, id string, now time.Time) error {
	_, err1 := tx.ExecContext(ctx, `
UPDATE attempt SET finished = $2, outcome = $3, note = $4 WHERE delivery_id = $1 AND finished IS NULL`,
		id, now.UnixMilli(), target.Unknown, sinceBackup)
	_, err2 := tx.ExecContext(ctx, `
UPDATE delivery SET state = $2, note = $3, updated = $4 WHERE id = $1`, id, Unknown, sinceBackup, now.UnixMilli())
	return errors.Join(err1, err2)
}
