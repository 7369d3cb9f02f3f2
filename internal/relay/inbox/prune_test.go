package inbox_test

import (
	"fmt"
	"testing"
	"time"
)

// Pruning a long history lets senders through again and again: it commits in
// small pieces, and whoever waits for a commit waits for one of them.
func TestPruningLetsSendersThrough(t *testing.T) {
	t.Parallel()
	box := openSQLite(t, t.TempDir(), 0)
	const old = 4000
	filled := make(chan error)
	for worker := range 8 {
		go func() {
			for i := range old / 8 {
				e := entry(fmt.Sprintf("old %d %d", worker, i))
				e.Body = make([]byte, 2<<10)
				receipt, err := box.Put(t.Context(), e)
				if err == nil {
					err = box.Settle(t.Context(), receipt.ID, e.Received, "ignored", "")
				}
				if err != nil {
					filled <- err
					return
				}
			}
			filled <- nil
		}()
	}
	for range 8 {
		if err := <-filled; err != nil {
			t.Fatal(err)
		}
	}
	pruned := make(chan int64, 1)
	go func() {
		n, err := box.Prune(t.Context(), noon().Add(time.Hour), time.Time{})
		if err != nil {
			t.Error(err)
		}
		pruned <- n
	}()
	var slowest time.Duration
	for through := 0; ; through++ {
		e := entry(fmt.Sprint("new ", through))
		e.Received = noon().Add(2 * time.Hour)
		began := time.Now()
		put(t, box, e)
		slowest = max(slowest, time.Since(began))
		select {
		case n := <-pruned:
			if n != old {
				t.Errorf("pruned %d, want %d", n, old)
			}
			if through < 5 {
				t.Errorf("%d requests were kept meanwhile, want many", through)
			}
			t.Logf("%d requests were kept while %d bodies went, the slowest in %v", through, n, slowest)
			return
		default:
		}
	}
}
