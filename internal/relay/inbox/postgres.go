package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// postgres lets the server group the commits of concurrent writers.
type postgres struct {
	db *sql.DB
	watch
}

// OpenPostgres opens the inbox on a Postgres database, which several relays may
// share. The caller closes db, after the inbox.
func OpenPostgres(ctx context.Context, db *sql.DB) (*Inbox, error) {
	var commits string
	if err := db.QueryRowContext(ctx, `SHOW synchronous_commit`).Scan(&commits); err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	if commits == "off" {
		return nil, fmt.Errorf("open inbox: synchronous_commit is %q: want on, or an acknowledged event may be lost", commits)
	}
	p := &postgres{db: db}
	if err := p.create(ctx); err != nil {
		return nil, fmt.Errorf("open inbox: create tables: %w", err)
	}
	return &Inbox{engine: p}, nil
}

// schemaLock is the advisory lock under which relays that start at the same
// time create tables one after the other: IF NOT EXISTS alone can fail there.
const schemaLock = 0x61667465

func (p *postgres) create(ctx context.Context) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, schemaLock); err != nil {
		return err
	}
	for _, statement := range statements(strings.ReplaceAll(schema, " BLOB", " BYTEA")) {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (p *postgres) write(ctx context.Context, fn func(context.Context, querier) error) error {
	began := time.Now()
	err := fn(ctx, p.db)
	p.tell(time.Since(began), err)
	return err
}

func (p *postgres) reader() querier { return p.db }

func (p *postgres) skipLocked() string { return "FOR UPDATE SKIP LOCKED" }

func (p *postgres) size(ctx context.Context) (int64, error) {
	var size int64
	if err := p.db.QueryRowContext(ctx, `SELECT pg_total_relation_size('event')`).Scan(&size); err != nil {
		return 0, fmt.Errorf("measure inbox: %w", err)
	}
	return size, nil
}

func (p *postgres) close() error { return nil }
