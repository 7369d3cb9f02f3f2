package route_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
)

// While a crowd is being served, what it sent is routed all the same.
func TestCrowdIsRouted(t *testing.T) {
	t.Parallel()
	r, run := start(t)
	run()
	var (
		crowd sync.WaitGroup
		over  atomic.Bool
	)
	for who := range 32 {
		crowd.Go(func() {
			for n := 0; !over.Load(); n++ {
				if _, err := r.Inbox.Put(t.Context(), inbox.Entry{
					Source: "hub", Service: "github", Key: fmt.Sprintf("%d-%d", who, n), Method: "POST", Body: []byte("{}"), Received: time.Now(),
				}); err != nil {
					t.Error(err)
					return
				}
				r.Wake()
			}
		})
	}
	await(t, "there is a crowd", func() bool { return r.Inbox.Writing() > 8 })
	id := r.put(t, "hub", "live", fromGitHub("deployment_status"), fmt.Sprintf(deployment, "somebody"))
	r.settled(t, id, inbox.Routed)
	over.Store(true)
	crowd.Wait()
}
