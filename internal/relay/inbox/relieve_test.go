package inbox_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
)

// settled keeps an event that waits for no router.
func settled(t *testing.T, box *inbox.Inbox, key string, size int) string {
	t.Helper()
	e := entry(key)
	e.Body = make([]byte, size)
	if key == "first" {
		e.Received = noon().Add(-time.Hour)
	}
	id := put(t, box, e).ID
	if err := box.Settle(t.Context(), id, e.Received, inbox.Ignored, ""); err != nil {
		t.Fatal(err)
	}
	return id
}

// In a file that may not grow, history makes room for what comes: the oldest
// bodies go first, then whole entries, and never what waits to be routed.
func TestHistoryClosesNoDoor(t *testing.T) {
	t.Parallel()
	box := openSQLite(t, t.TempDir(), 512<<10)
	waiting := put(t, box, entry("waiting")).ID
	first := settled(t, box, "first", 8<<10)
	if n, err := box.Relieve(t.Context()); n != 0 || err != nil {
		t.Errorf("Relieve of a file with room = %d, %v", n, err)
	}
	fill := func(name string, events, size int) {
		const together = 5
		for i := range events / together {
			var wg sync.WaitGroup
			for k := range together {
				wg.Go(func() { settled(t, box, fmt.Sprint(name, i, " ", k), size) })
			}
			wg.Wait()
			if _, err := box.Relieve(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill("large", 100, 8<<10) // twice what fits
	if got := get(t, box, first); !got.Pruned {
		t.Error("the oldest event has its body yet")
	}
	if got := get(t, box, waiting); got.Pruned {
		t.Error("an event that waits lost its body")
	}
	fill("small", 1500, 0) // entries without bodies fill it, too
	get(t, box, waiting)
	list, err := box.List(t.Context(), inbox.Filter{Text: "first"})
	if err != nil || len(list) != 0 {
		t.Errorf("the oldest entries: %v, %v; want them gone", list, err)
	}
}

// What was pruned is given back to the disk.
func TestPruningShrinksTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	box := openSQLite(t, dir, 0)
	const many, size = 64, 128 << 10
	for i := range many {
		settled(t, box, fmt.Sprint(i), size)
	}
	if _, err := box.Prune(t.Context(), noon().Add(time.Second), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := box.Close(); err != nil { // which writes the log into the file
		t.Fatal(err)
	}
	box = openSQLite(t, dir, 0)
	if got, err := box.Size(t.Context()); err != nil || got > many*size/4 {
		t.Errorf("%d bytes after pruning %d, %v", got, many*size, err)
	}
}
