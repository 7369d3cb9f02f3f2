package inbox_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
)

// A store that refused a large event is not ready because a small one would
// fit: it is again when the large one would.
func TestReadyIsAboutWhatWasRefused(t *testing.T) {
	t.Parallel()
	box := openSQLite(t, t.TempDir(), 1<<20)
	if err := box.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	small, large := entry("small"), entry("large")
	small.Body, large.Body = make([]byte, 200<<10), make([]byte, 800<<10)
	keep := func(e inbox.Entry) error {
		e.Unverified = true // it waits for no router, and can be pruned
		_, err := box.Put(t.Context(), e)
		return err
	}
	if err := keep(small); err != nil {
		t.Fatal(err)
	}
	if err := box.Ping(t.Context()); err != nil {
		t.Errorf("with room for what is usual: %v", err)
	}
	if err := keep(large); err == nil {
		t.Fatal("kept what is larger than the room")
	}
	for range 2 {
		if err := box.Ping(t.Context()); err == nil {
			t.Error("ready, with no room for what was refused")
		}
	}
	if err := keep(entry("tiny")); err != nil {
		t.Errorf("what fits is not kept: %v", err)
	}
	if _, err := box.Prune(t.Context(), noon().Add(time.Second), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := box.Ping(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := keep(large); err != nil {
		t.Errorf("ready, and yet: %v", err)
	}
}

func watches(t *testing.T, box *inbox.Inbox) {
	var commits, failures atomic.Int64
	box.Observe(func(took time.Duration, failed int) {
		if took <= 0 {
			t.Errorf("a commit took %v", took)
		}
		commits.Add(1)
		failures.Add(int64(failed))
	})
	const many = 20
	for i := range many {
		put(t, box, entry(fmt.Sprint(i)))
	}
	if got := commits.Load(); got != many || failures.Load() != 0 {
		t.Errorf("%d commits with %d failures, want %d with none", got, failures.Load(), many)
	}
	if _, err := box.Put(t.Context(), entry("")); err == nil || failures.Load() != 1 {
		t.Errorf("after %v: %d failures, want one", err, failures.Load())
	}
	if got := box.Writing(); got != 0 {
		t.Errorf("%d writes under way, want none", got)
	}
}
