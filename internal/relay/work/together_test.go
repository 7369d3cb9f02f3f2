package work_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Relays that start at the same time find the same empty database, and one
// makes the tables for all.
func TestRelaysStartTogether(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	var starting sync.WaitGroup
	for range 4 {
		db := pgtest.Open(t, url)
		starting.Go(func() {
			w, err := work.OpenPostgres(t.Context(), db, work.Options{Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Error(err)
				return
			}
			if err := w.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
}

// Relays that prune at the same time leave no attempt behind whose delivery is
// gone: nobody would find it again.
func TestRelaysPruneTogether(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	var relays []*work.Work
	for range 3 {
		w, err := work.OpenPostgres(t.Context(), pgtest.Open(t, url), work.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.Stop(context.Background()) })
		relays = append(relays, w)
	}
	db := pgtest.Open(t, url).SQL
	for _, statement := range []string{`
INSERT INTO delivery (id, event_id, service, rule, target, action, order_key, subject_since, final, occurred, expires, state, due, created, updated)
SELECT 'd' || i, 'e', 's', 'r', 't', '{}', '', 0, 0, 0, 0, 'done', 0, 0, i FROM generate_series(1, 3000) AS i`, `
INSERT INTO attempt (delivery_id, number, started, finished) SELECT 'd' || i, 1, 0, 0 FROM generate_series(1, 3000) AS i`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	var pruning sync.WaitGroup
	for _, w := range relays {
		pruning.Go(func() {
			if _, err := w.Prune(t.Context(), time.Now(), time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	pruning.Wait()
	for _, table := range []string{"delivery", "attempt"} {
		var left int
		if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&left); err != nil || left > 0 {
			t.Errorf("%d rows of %s are left, %v", left, table, err)
		}
	}
}
