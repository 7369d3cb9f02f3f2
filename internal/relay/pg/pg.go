// Package pg opens a Postgres, for whoever speaks pgx and for whoever speaks
// database/sql, over one pool of connections.
package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// DB is one database.
type DB struct {
	Pool *pgxpool.Pool
	SQL  *sql.DB
}

// connections is how many there are at most, unless the URL says otherwise in
// pool_max_conns. A server commits those together that wait at the same time,
// so that twice as many do not halve its speed.
const connections = 16

// fewest are needed: one is held while tables are made, one listens.
const fewest = 4

// Open prepares to connect. The first use connects.
func Open(ctx context.Context, url secret.String) (*DB, error) {
	config, err := pgxpool.ParseConfig(url.Reveal())
	if err != nil {
		// The cause quotes the URL, and its password where it is put wrongly.
		return nil, errors.New("read database URL: want one such as postgres://user:password@host/name")
	}
	config.AfterConnect = durable
	if !strings.Contains(url.Reveal(), "pool_max_conns") {
		config.MaxConns = connections
	}
	if config.MaxConns < fewest {
		return nil, fmt.Errorf("read database URL: pool_max_conns is %d: want %d or more", config.MaxConns, fewest)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return &DB{pool, stdlib.OpenDBFromPool(pool)}, nil
}

// durable refuses a connection whose commits can be lost after they were
// acknowledged.
func durable(ctx context.Context, conn *pgx.Conn) error {
	for _, name := range []string{"synchronous_commit", "fsync"} {
		var value string
		if err := conn.QueryRow(ctx, "SHOW "+name).Scan(&value); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if value == "off" {
			return fmt.Errorf("the database has %s off: want on, or what is acknowledged may be lost", name)
		}
	}
	return nil
}

// Close closes all connections.
func (d *DB) Close() error {
	err := d.SQL.Close()
	d.Pool.Close()
	return err
}

// alone is the advisory lock of Alone.
const alone = 0x61667465

// Alone runs fn while no other relay of this database does so: relays that
// start at the same time create tables one after the other, for which IF NOT
// EXISTS is not enough.
func Alone(ctx context.Context, db *sql.DB, fn func() error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, alone); err != nil {
		return fmt.Errorf("wait for other relays: %w", err)
	}
	defer func() {
		_, unlocked := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, alone)
		err = errors.Join(err, unlocked)
	}()
	return fn()
}

// Size is how many bytes some tables take, with all that belongs to them.
func Size(ctx context.Context, db *sql.DB, tables ...string) (int64, error) {
	var total int64
	for _, table := range tables {
		var size int64
		if err := db.QueryRowContext(ctx, `SELECT pg_total_relation_size(CAST($1 AS TEXT)::regclass)`, table).Scan(&size); err != nil {
			return 0, err
		}
		total += size
	}
	return total, nil
}
