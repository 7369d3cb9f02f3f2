package lite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
)

// Copy writes what a file holds at one moment to a new one, while others write
// to it. Readers and writers of the first go on meanwhile.
func Copy(ctx context.Context, from, to string) error {
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("copy database: %w", err) // and not make an empty one
	}
	if err := private(to); err != nil {
		return err
	}
	db, err := open(from, url.Values{"_pragma": {"busy_timeout(5000)"}})
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "VACUUM INTO $1", to); err != nil {
		return errors.Join(fmt.Errorf("copy %s: %w", from, err), db.Close())
	}
	return errors.Join(db.Close(), Check(ctx, to), Sync(to))
}

// Check reads a file whole and refuses one that is damaged.
func Check(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	db, err := open(path, nil)
	if err != nil {
		return err
	}
	var said string
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&said)
	if err == nil && said != "ok" {
		err = errors.New(said)
	}
	if err != nil {
		err = fmt.Errorf("check %s: %w", path, err)
	}
	return errors.Join(err, db.Close())
}

// Sync has a file, or the names in a directory, written to the disk.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
