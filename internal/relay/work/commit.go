package work

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// tx runs fn in a transaction and returns when it is committed.
func (s store) tx(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	if s.group != nil {
		return s.group.tx(ctx, fn)
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// group commits together what comes in while one commit is under way: on SQLite
// attempts that begin or end at about the same time share one flush to disk. A
// server of databases does so by itself.
type group struct {
	db *sql.DB

	mu         sync.Mutex
	waiting    []part
	committing bool
}

// part is one transaction of a group.
type part struct {
	ctx    context.Context
	fn     func(context.Context, *sql.Tx) error
	result chan error
}

func (g *group) tx(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	p := part{ctx, fn, make(chan error, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, p)
	if !g.committing {
		g.committing = true
		go g.run()
	}
	g.mu.Unlock()
	return <-p.result
}

// run commits groups until nobody waits.
func (g *group) run() {
	for g.goesOn() {
		tx, err := g.db.BeginTx(context.Background(), nil)
		parts := g.take() // and who came while somebody else's transaction lasted
		errs := make([]error, len(parts))
		if err == nil {
			err = together(tx, parts, errs)
		}
		for i, p := range parts {
			if errs[i] == nil {
				errs[i] = err
			}
			p.result <- errs[i]
		}
	}
}

// goesOn reports whether somebody waits. If nobody does, the next to come
// starts anew.
func (g *group) goesOn() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.committing = len(g.waiting) > 0
	return g.committing
}

func (g *group) take() []part {
	g.mu.Lock()
	defer g.mu.Unlock()
	parts := g.waiting
	g.waiting = nil
	return parts
}

// together runs the parts in one transaction. What one failed with goes to
// errs, and its effects are undone alone. If the transaction itself fails, all
// have failed.
func together(tx *sql.Tx, parts []part, errs []error) error {
	for i, p := range parts {
		if errs[i] = context.Cause(p.ctx); errs[i] != nil {
			continue
		}
		// To break a statement off would undo the others' too.
		ctx := context.WithoutCancel(p.ctx)
		if _, err := tx.ExecContext(ctx, "SAVEPOINT part"); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		end := "RELEASE part"
		if errs[i] = p.fn(ctx, tx); errs[i] != nil {
			end = "ROLLBACK TO part; RELEASE part"
		}
		// It fails where SQLite has undone everything, on a full disk for one.
		if _, err := tx.ExecContext(ctx, end); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}
