// Package lite opens SQLite files so that a commit is on disk when it returns,
// and refuses a file for which that cannot be had.
package lite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Options of a file that is written.
type Options struct {
	// MostBytes bounds the file's size; 0 leaves that to the disk.
	MostBytes int64
}

// pageSize is SQLite's default, which bounds on sizes are counted in.
const pageSize = 4096

// temporary keeps what a statement needs for itself, such as what it would undo,
// in memory: a container with a read-only root has no place for such files.
const temporary = "temp_store(memory)"

// Open opens a file for writing, on one connection: SQLite has one writer, and
// a second would wait for it by polling.
func Open(ctx context.Context, path string, o Options) (*sql.DB, error) {
	pragmas := []string{
		"auto_vacuum(incremental)", // takes effect only while the file is empty
		"journal_mode(wal)",
		"synchronous(full)", // with less, a commit outlives a crash of the process but not of the machine
		"foreign_keys(on)",
		"busy_timeout(5000)",
		"cache_size(-65536)",
		temporary,
		"journal_size_limit(67108864)", // what a crowd or a long reader made of the log does not stay
	}
	if o.MostBytes > 0 {
		pragmas = append(pragmas, fmt.Sprintf("max_page_count(%d)", max(1, o.MostBytes/pageSize)))
	}
	if err := private(path); err != nil {
		return nil, err
	}
	db, err := open(path, url.Values{"_txlock": {"immediate"}, "_pragma": pragmas})
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := durable(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return db, nil
}

// private makes the file, if there is none, for its owner alone. SQLite gives
// the files beside it the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	return f.Close()
}

// OpenReader opens a file that is open for writing elsewhere. Its connections
// refuse to write and see what was committed.
func OpenReader(ctx context.Context, path string) (*sql.DB, error) {
	db, err := open(path, url.Values{"_pragma": {"query_only(on)", "busy_timeout(5000)", "cache_size(-16384)", temporary}})
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return db, nil
}

func open(path string, query url.Values) (*sql.DB, error) {
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetConnMaxLifetime(0)
	return db, nil
}

// durable reads back what was asked for: SQLite ignores a PRAGMA that it cannot
// obey, for one WAL on a file system without shared memory.
func durable(ctx context.Context, db *sql.DB) error {
	var mode string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the journal mode is %q: want wal; is the directory on a network file system?", mode)
	}
	var synchronous int
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return err
	}
	if synchronous != 2 {
		return fmt.Errorf("synchronous is %d: want 2 (full)", synchronous)
	}
	return nil
}

// Size is how many bytes a file takes, its write-ahead log included.
func Size(path string) (int64, error) {
	var total int64
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		if err == nil {
			total += info.Size()
		}
	}
	return total, nil
}
