package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/pg"
)

// postgres lets the server group the commits of concurrent writers.
type postgres struct {
	db *sql.DB
	watch
}

// OpenPostgres opens the inbox on a Postgres database, which several relays may
// share. The caller closes db, after the inbox.
func OpenPostgres(ctx context.Context, db *sql.DB) (*Inbox, error) {
	p := &postgres{db: db}
	if err := pg.Alone(ctx, db, func() error { return p.create(ctx) }); err != nil {
		return nil, fmt.Errorf("open inbox: create tables: %w", err)
	}
	return &Inbox{engine: p}, nil
}

func (p *postgres) create(ctx context.Context) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
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

func (p *postgres) size(ctx context.Context) (int64, error) { return pg.Size(ctx, p.db, "event") }

// usage has no bound: the server's disk is not the relay's.
func (p *postgres) usage(context.Context) (used, most int64, err error) { return 0, 0, nil }

// shrink has nothing to do: autovacuum does it.
func (p *postgres) shrink(context.Context) (bool, error) { return false, nil }

func (p *postgres) close() error { return nil }
