package relay_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
)

// Of two relays on one Postgres under load, one is killed. The other takes over
// what that one had begun, and finishes: nothing acknowledged is lost, and
// nothing is sent twice that must not be.
func TestSurvivorFinishes(t *testing.T) {
	t.Parallel()
	database := "DATABASE=" + pgtest.Start(t)
	h := newHub()
	h.behave = misbehave
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	rules := fmt.Sprintf(crashRules, server.URL)
	quickly := []string{database, "LIMIT=3s", "MARGIN=3s", "LEASE=5s"}
	first, second := newProcess(t, rules, quickly...), newProcess(t, rules, quickly...)
	first.start(t) // and so it leads the queue, which is the harder loss
	second.start(t)
	senders := newSenders(bugsAndDeployments, first, second)
	before := senders.await(t, 60)
	first.kill(t)
	senders.await(t, len(before)+40) // by the other alone
	checkDelivered(t, h, second, senders.stop(), 90*time.Second)
}
