package work

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/lite"
	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// Those who wait at the same time share a commit; of what one of them fails
// with, the others feel nothing.
func TestGroupUndoesWhatFailsAlone(t *testing.T) {
	t.Parallel()
	db, err := lite.Open(t.Context(), filepath.Join(t.TempDir(), "db"), lite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE kept (n BIGINT PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	g := &group{db: db}
	keep := func(n int) func(context.Context, *sql.Tx) error {
		return func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO kept (n) VALUES ($1)`, n)
			return err
		}
	}
	regretted := errors.New("regretted")
	gone, leave := context.WithCancel(t.Context())
	leave()

	// While somebody else has the connection, all gather.
	hold, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 5)
	for i, p := range []part{
		{ctx: t.Context(), fn: keep(0)},
		{ctx: t.Context(), fn: func(ctx context.Context, tx *sql.Tx) error { return errors.Join(keep(1)(ctx, tx), regretted) }},
		{ctx: t.Context(), fn: func(ctx context.Context, tx *sql.Tx) error { return errors.Join(keep(2)(ctx, tx), keep(2)(ctx, tx)) }},
		{ctx: gone, fn: keep(3)},
		{ctx: t.Context(), fn: keep(4)},
	} {
		wg.Go(func() { errs[i] = g.tx(p.ctx, p.fn) })
	}
	for waiting := 0; waiting < len(errs); time.Sleep(time.Millisecond) {
		g.mu.Lock()
		waiting = len(g.waiting)
		g.mu.Unlock()
	}
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()

	if errs[0] != nil || errs[4] != nil {
		t.Errorf("the good ones failed with %v and %v", errs[0], errs[4])
	}
	if !errors.Is(errs[1], regretted) || errs[2] == nil || !errors.Is(errs[3], context.Canceled) {
		t.Errorf("the others failed with %v, %v and %v", errs[1], errs[2], errs[3])
	}
	found, err := db.QueryContext(t.Context(), `SELECT n FROM kept ORDER BY n`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := rows.Collect(found, func(r *sql.Rows) (n int, err error) { return n, r.Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{0, 4}, got); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}
