package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/lite"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Backup copies the stores of a data directory to a new one, also while a relay
// works on them. The two copies are not of one moment, so the inbox goes first:
// an event that is routed between the two has its deliveries in the copy of the
// work, and routing it again makes none anew. The other way round it would be
// marked as routed and have none.
func Backup(ctx context.Context, data, to string) error {
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("back up to %s: want a name that is free", to)
	}
	part, err := os.MkdirTemp(filepath.Dir(to), filepath.Base(to)+".part")
	if err != nil {
		return fmt.Errorf("make directory of backup: %w", err)
	}
	for _, step := range []func() error{
		func() error { return inbox.Backup(ctx, data, part) },
		func() error { return work.Backup(ctx, data, part) },
		func() error { return lite.Sync(part) },
		func() error { return os.Rename(part, to) },
		func() error { return lite.Sync(filepath.Dir(to)) },
	} {
		if err := step(); err != nil {
			return errors.Join(err, os.RemoveAll(part))
		}
	}
	return nil
}

// Restore makes a data directory of a backup, for a relay to start on. It
// refuses to overwrite anything, and a backup that is damaged.
func Restore(ctx context.Context, backup, data string) (err error) {
	unlock, err := lock(data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	part, err := os.MkdirTemp(data, "restore")
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(part)) }()
	for _, name := range stores() {
		if err := restorable(backup, data, name); err != nil {
			return err
		}
		if err := copyFile(filepath.Join(backup, name), filepath.Join(part, name)); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		if err := lite.Check(ctx, filepath.Join(part, name)); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	if err := errors.Join(inbox.Restored(ctx, part), work.Restored(ctx, part)); err != nil {
		return err
	}
	for _, name := range stores() {
		if err := errors.Join(lite.Sync(filepath.Join(part, name)), os.Rename(filepath.Join(part, name), filepath.Join(data, name))); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	return lite.Sync(data)
}

// stores are the names of the files in a data directory that hold events and
// deliveries.
func stores() []string { return []string{inbox.File, work.File} }

// restorable refuses what is there already, and a copy that a running relay
// wrote to.
func restorable(backup, data, name string) error {
	if _, err := os.Stat(filepath.Join(data, name)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("restore to %s: there is a relay's %s: want an empty directory", data, name)
	}
	log, err := os.Stat(filepath.Join(backup, name+"-wal"))
	if err == nil && log.Size() > 0 {
		return fmt.Errorf("restore from %s: beside %s is a write-ahead log: want a directory that backup made", backup, name)
	}
	return nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
