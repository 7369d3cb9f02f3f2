package relayload_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
)

// writers is how many append at once: one commit of the store takes as many.
const writers = 256

// filled returns a directory with an inbox of n events, made by the store's own
// appends; that they were routed is noted before they are measured.
func filled(b *testing.B, n int) string {
	b.Helper()
	dir := os.Getenv(storeVariable)
	if dir == "" {
		dir = b.TempDir()
	} else if _, err := os.Stat(filepath.Join(dir, "inbox.db")); err == nil {
		return dir
	}
	in, err := inbox.OpenSQLite(b.Context(), dir, 0)
	if err != nil {
		b.Fatal(err)
	}
	var (
		wg   sync.WaitGroup
		next atomic.Int64
	)
	for range writers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if _, err := in.Put(b.Context(), entry(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := in.Close(); err != nil {
		b.Fatal(err)
	}
	forgetWork(b, dir, "")
	info, err := os.Stat(filepath.Join(dir, "inbox.db"))
	if err != nil {
		b.Fatal(err)
	}
	fmt.Printf("%d events of 1 KiB take %d bytes each\n", n, info.Size()/int64(n))
	return dir
}

// entry is like an event that came over HTTP, with a key that none will have.
func entry(n int64) inbox.Entry {
	return inbox.Entry{
		Source: "hub", Service: "github", Key: delivery(-n), Method: http.MethodPost, Remote: "127.0.0.1",
		Header: http.Header{
			"Content-Type": {"application/json"}, "User-Agent": {"GitHub-Hookshot/figures"}, "X-Github-Hook-Id": {"1"},
			"X-Github-Event": {"deployment_status"}, "X-Github-Delivery": {delivery(-n)}, "X-Hub-Signature-256": {"REDACTED"},
		},
		Body: event(n), Received: time.Now().UTC(),
	}
}
