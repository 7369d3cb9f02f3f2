// Package pg opens a Postgres, for whoever speaks pgx and for whoever speaks
// database/sql, over one pool of connections.
package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// DB is one database.
type DB struct {
	Pool *pgxpool.Pool
	SQL  *sql.DB
}

// Open prepares to connect. The first use connects.
func Open(ctx context.Context, url secret.String) (*DB, error) {
	config, err := pgxpool.ParseConfig(url.Reveal())
	if err != nil {
		// The cause quotes the URL, and its password where it is put wrongly.
		return nil, errors.New("read database URL: want one such as postgres://user:password@host/name")
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return &DB{pool, stdlib.OpenDBFromPool(pool)}, nil
}

// Close closes all connections.
func (d *DB) Close() error {
	err := d.SQL.Close()
	d.Pool.Close()
	return err
}
