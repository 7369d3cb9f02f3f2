package work_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

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
