package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
)

func TestLockRefusesASecondRelay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	unlock, err := inbox.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inbox.Lock(dir); !errors.Is(err, inbox.ErrLocked) {
		t.Errorf("the second Lock = %v, want ErrLocked", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if unlock, err = inbox.Lock(dir); err != nil {
		t.Errorf("Lock after unlock = %v", err)
	} else if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestEntriesOutliveTheProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	box := openSQLite(t, dir, 0)
	id := put(t, box, entry("k")).ID
	if _, err := box.Claim(t.Context(), noon(), 1<<40, 10); err != nil {
		t.Fatal(err)
	}
	if err := box.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := box.Put(t.Context(), entry("late")); err == nil {
		t.Error("a closed inbox keeps events")
	}
	box = openSQLite(t, dir, 0)
	if got := put(t, box, entry("k")); got.ID != id || !got.Duplicate {
		t.Errorf("after reopening Put = %v, want a duplicate of %s", got, id)
	}
	if claim, err := box.Claim(t.Context(), noon(), 1, 10); err != nil || len(claim.IDs) != 1 {
		t.Errorf("after reopening claimed %v, %v; want the one whose router died", claim.IDs, err)
	}
}

// A full disk, here a bound on the file, fails what cannot be kept, keeps what
// was, and ends when there is room again.
func TestFullFileRefusesAndRecovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	box := openSQLite(t, dir, 256<<10)
	large := entry("")
	large.Body = make([]byte, 16<<10)
	kept := map[string]bool{}
	var refused error
	for i := 0; refused == nil && i < 100; i++ {
		large.Key = fmt.Sprintf("k%d", i)
		receipt, err := box.Put(t.Context(), large)
		if err == nil {
			kept[receipt.ID] = true
		}
		refused = err
	}
	if refused == nil || len(kept) == 0 {
		t.Fatalf("kept %d, then %v; want some, then a refusal", len(kept), refused)
	}
	for id := range kept {
		get(t, box, id)
	}
	if err := box.Close(); err != nil {
		t.Fatal(err)
	}
	box = openSQLite(t, dir, 1<<20)
	if put(t, box, large).Duplicate {
		t.Error("the refused request left its key behind")
	}
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	box := openSQLite(t, t.TempDir(), 0)
	var (
		wg         sync.WaitGroup
		mu         sync.Mutex
		kept, full int
	)
	for i := range 4000 {
		wg.Go(func() {
			_, err := box.Put(t.Context(), entry(fmt.Sprintf("k%d", i)))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				kept++
			case errors.Is(err, inbox.ErrFull):
				full++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := box.List(t.Context(), inbox.Filter{Most: 5000})
	if err != nil || len(list) != kept || kept+full != 4000 {
		t.Errorf("%d told kept, %d told full, %d found, %v", kept, full, len(list), err)
	}
}

func TestWhoGaveUpIsNotServed(t *testing.T) {
	t.Parallel()
	box := openSQLite(t, t.TempDir(), 0)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the sender is gone")
	cancel(gone)
	if _, err := box.Put(ctx, entry("k")); !errors.Is(err, gone) {
		t.Errorf("Put = %v, want the context's cause", err)
	}
}

// Bodies hold what people wrote and what nobody else is to read.
func TestFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, openSQLite(t, dir, 0), entry("k"))
	for _, name := range []string{"inbox.db", "inbox.db-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", name, info.Mode().Perm())
		}
	}
}

func TestOpenRefusesAFileThatIsNoDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "inbox.db"), []byte("this is not a database, however long it is"), 0o600); err != nil {
		t.Fatal(err)
	}
	if box, err := inbox.OpenSQLite(t.Context(), dir, 0); err == nil {
		_ = box.Close()
		t.Error("OpenSQLite took a text file")
	}
}
