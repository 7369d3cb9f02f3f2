package transfer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Table is one that is moved.
type Table struct {
	Name string
	// Key are the columns that tell its rows apart.
	Key string
}

// Querier reads a database.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Read passes on every row.
func (t Table) Read(ctx context.Context, db Querier, emit func(Row) error) error {
	found, err := db.QueryContext(ctx, fmt.Sprintf(`SELECT * FROM %s ORDER BY %s`, t.Name, t.Key))
	if err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	for found.Next() {
		row, err := scan(found, t.Name, columns)
		if err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
		if err := emit(row); err != nil {
			return err
		}
	}
	return found.Err()
}

func scan(found *sql.Rows, table string, columns []string) (Row, error) {
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	if err := found.Scan(places...); err != nil {
		return Row{}, err
	}
	row := Row{Table: table, Values: make(map[string]Value, len(columns))}
	for i, column := range columns {
		row.Values[column] = Value{values[i]}
	}
	return row, nil
}

// Insert is a statement that adds rows which are all of this table, and of the
// same columns. A row that is there already stays as it is.
func (t Table) Insert(ctx context.Context, db Querier, list []Row) (statement string, args []any, err error) {
	columns := slices.Sorted(maps.Keys(list[0].Values))
	if err := t.check(ctx, db, columns); err != nil {
		return "", nil, err
	}
	places := make([]string, len(list))
	for i, row := range list {
		of := make([]string, len(columns))
		for k, column := range columns {
			args = append(args, row.Values[column].Any)
			of[k] = fmt.Sprintf("$%d", len(args))
		}
		places[i] = "(" + strings.Join(of, ", ") + ")"
	}
	return fmt.Sprintf(`INSERT INTO %s (%s) VALUES %s ON CONFLICT DO NOTHING`,
		t.Name, strings.Join(columns, ", "), strings.Join(places, ", ")), args, nil
}

// check refuses columns that the table does not have: their names come from a
// file.
func (t Table) check(ctx context.Context, db Querier, columns []string) error {
	found, err := db.QueryContext(ctx, fmt.Sprintf(`SELECT * FROM %s LIMIT 0`, t.Name))
	if err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	defer found.Close()
	known, err := found.Columns()
	if err = errors.Join(err, found.Err()); err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	for _, column := range columns {
		if !slices.Contains(known, column) {
			return fmt.Errorf("table %s has no column %q: was this exported by a newer version?", t.Name, column)
		}
	}
	return nil
}
