package inbox

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/afterdeploy/afterdeploy/internal/relay/lite"
)

// Backup copies the inbox of a data directory, which may be in use.
func Backup(ctx context.Context, dir, to string) error {
	if err := lite.Copy(ctx, filepath.Join(dir, File), filepath.Join(to, File)); err != nil {
		return fmt.Errorf("back up inbox: %w", err)
	}
	return nil
}

// Restored makes a directory's inbox, a copy, fit to go on from. What became of
// events since is not known: those that wait are marked, and those that came
// again are not routed again.
func Restored(ctx context.Context, dir string) error {
	db, err := lite.Open(ctx, filepath.Join(dir, File), lite.Options{})
	if err != nil {
		return fmt.Errorf("restore inbox: %w", err)
	}
	for _, statement := range []string{
		`UPDATE event SET state = 'restored' WHERE state = 'new' AND route_at IS NOT NULL`,
		`UPDATE event SET route_at = NULL, note = 'it came again before the backup' WHERE state <> 'restored' AND route_at IS NOT NULL`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return errors.Join(fmt.Errorf("restore inbox: %w", err), db.Close())
		}
	}
	return db.Close()
}
