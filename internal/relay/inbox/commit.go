package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// write hands fn to the writer and waits for its commit. When ctx ends first,
// the statement may still be committed later: the caller has not been told that
// it was, and a repetition finds its key.
func (s *sqlite) write(ctx context.Context, fn func(context.Context, querier) error) error {
	j := job{ctx, fn, make(chan error, 1)}
	if err := s.enqueue(j); err != nil {
		return err
	}
	select {
	case err := <-j.result:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *sqlite) enqueue(j job) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.shut {
		return errors.New("the inbox is closed")
	}
	select {
	case s.queue <- j:
		return nil
	default:
		return fmt.Errorf("%w: %d writes wait", ErrFull, mostWaiting)
	}
}

// run commits in groups: whatever came in while one commit was under way goes
// into the next, so that a lone request waits for nobody and a crowd shares one
// fsync.
func (s *sqlite) run() {
	defer close(s.done)
	group := make([]job, 0, mostPerCommit)
	for j := range s.queue {
		group = append(group[:0], j)
		for len(group) < mostPerCommit && len(s.queue) > 0 {
			next, ok := <-s.queue
			if !ok {
				break
			}
			group = append(group, next)
		}
		s.commit(group)
	}
}

// commit runs a group and tells everybody how it went, when that is known.
func (s *sqlite) commit(group []job) {
	errs := make([]error, len(group))
	began := time.Now()
	err := s.together(group, errs)
	for i := range errs {
		if errs[i] == nil {
			errs[i] = err
		}
	}
	s.tell(time.Since(began), errs...)
	for i, j := range group {
		j.result <- errs[i]
	}
}

// together runs a group in one transaction. SQLite undoes a failed statement
// alone, so one bad row does not fail its neighbours: what it failed with goes
// to errs. If the transaction itself fails, all have failed.
func (s *sqlite) together(group []job, errs []error) error {
	tx, err := s.writer.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a good commit it does nothing
	for i, j := range group {
		// Who gave up is not served: that would only make others wait.
		if errs[i] = context.Cause(j.ctx); errs[i] == nil {
			errs[i] = j.fn(context.WithoutCancel(j.ctx), prepared{tx, s.prepared})
		}
	}
	return tx.Commit()
}

// prepared runs the statements that every event needs without having them
// parsed again.
type prepared struct {
	*sql.Tx
	known map[string]*sql.Stmt
}

// ExecContext implements [querier].
func (p prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := p.known[query]; stmt != nil {
		return p.StmtContext(ctx, stmt).ExecContext(ctx, args...)
	}
	return p.Tx.ExecContext(ctx, query, args...)
}

// QueryContext implements [querier].
func (p prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := p.known[query]; stmt != nil {
		return p.StmtContext(ctx, stmt).QueryContext(ctx, args...)
	}
	return p.Tx.QueryContext(ctx, query, args...)
}
