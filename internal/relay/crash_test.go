package relay_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

const crashRules = `
sources:
  hub: {service: github, verify: {signature: env:S}}
  bugs: {service: betterbugs, verify: {header: X-Relay-Secret, secret: env:S}}
targets:
  there: {service: github, token: env:S, api-url: "%s", repositories: [acme/web], concurrency: 8}
rules:
  - {name: live, source: hub, kind: deployment, do: dispatch, to: there, with: {event-type: live}}
  - {name: status, source: hub, kind: deployment, do: status, to: there, with: {context: deployed}}
  - {name: bug, source: bugs, do: issue, to: there, with: {repository: acme/web}}
`

// The relay is killed at random moments under load, and GitHub misbehaves.
// Whatever was acknowledged is there, every delivery comes to an end, and
// nothing that must not be written twice is.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	killUnderLoad(t, 90*time.Second)
}

// killUnderLoad allows the last delivery so much time to end.
func killUnderLoad(t *testing.T, patience time.Duration, env ...string) {
	t.Helper()
	h := newHub()
	h.behave = misbehave
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	p := newProcess(t, fmt.Sprintf(crashRules, server.URL), env...)
	p.start(t)

	senders := newSenders(bugsAndDeployments, p)
	const kills = 6
	for range kills {
		time.Sleep(time.Duration(200+rand.IntN(400)) * time.Millisecond)
		p.kill(t)
		p.start(t)
	}
	checkDelivered(t, h, p, senders.stop(), patience)
}

// misbehave answers some writes otherwise than they went.
func misbehave(n int, w http.ResponseWriter) bool {
	switch n % 40 {
	case 7: // it is written, and the answer says otherwise
		w.WriteHeader(http.StatusBadGateway)
		return true
	case 17: // it is written, and there is no answer
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
		return true
	case 27:
		time.Sleep(100 * time.Millisecond)
	}
	return false
}

// checkDelivered waits until what was acknowledged has come to an end, stops the
// relay, and looks whether everything was written, and nothing twice that must
// not be.
func checkDelivered(t *testing.T, h *hub, p *process, acknowledged map[string]int, patience time.Duration) {
	t.Helper()
	h.calm()
	if len(acknowledged) < 20 {
		t.Fatalf("only %d events were acknowledged: want a load", len(acknowledged))
	}
	deliveries := awaitEnd(t, p, acknowledged, patience)
	p.stop(t)

	unknown := h.check(t, deliveries)
	t.Logf("%d events acknowledged, %d deliveries, %d of them unknown, %d issues", len(acknowledged), len(deliveries), unknown, len(h.issues))
}

// check compares deliveries that have come to an end with what was written, and
// returns how many ended without anybody knowing.
func (h *hub) check(t *testing.T, deliveries []work.Delivery) (unknown int) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range deliveries {
		n := h.dispatched[d.ID]
		switch {
		case d.Action.Dispatch != nil && n > 1:
			t.Errorf("dispatch %s was sent %d times", d.ID, n)
		case d.Action.Dispatch != nil && d.State == work.Done && n != 1:
			t.Errorf("dispatch %s is done and was sent %d times", d.ID, n)
		case d.State == work.Unknown && d.Action.Dispatch == nil:
			t.Errorf("%s %s is unknown, though it can be written twice", d.Action.Do, d.ID)
		case d.State == work.Unknown:
			unknown++
		case d.State != work.Done:
			t.Errorf("%s %s is %s: %s", d.Action.Do, d.ID, d.State, d.Note)
		}
		if d.Action.Commit != nil && len(h.statuses[d.Action.Commit.Commit+" "+d.Action.Commit.Context]) == 0 {
			t.Errorf("status %s is %s and was never written", d.ID, d.State)
		}
	}
	markers := map[string]int{}
	for _, body := range h.issues {
		markers[body[strings.LastIndex(body, "<!--"):]]++
	}
	for marker, n := range markers {
		if n != 1 {
			t.Errorf("%d issues %s", n, marker)
		}
	}
	return unknown
}

// senders send events until they are stopped, each again until it is
// acknowledged.
type senders struct {
	relays []*process // which a balancer would choose from
	say    saying
	quit   chan struct{}
	wg     sync.WaitGroup
	mu     sync.Mutex
	acked  map[string]int // how many deliveries each event has
}

// saying sends the n-th event of one sender, and tells how many deliveries it
// leads to.
type saying func(p *process, who, n int) (status int, a answer, deliveries int)

func newSenders(say saying, relays ...*process) *senders {
	s := &senders{relays: relays, say: say, quit: make(chan struct{}), acked: map[string]int{}}
	for i := range 4 {
		s.wg.Go(func() { s.send(i) })
	}
	return s
}

func (s *senders) send(who int) {
	for n := 0; ; n++ {
		for sent, try := false, who; !sent; try++ {
			select {
			case <-s.quit:
				return
			case <-time.After(15 * time.Millisecond):
			}
			status, a, deliveries := s.say(s.relays[(n+try)%len(s.relays)], who, n)
			if sent = status == http.StatusOK; sent {
				s.mu.Lock()
				s.acked[a.ID] = deliveries
				s.mu.Unlock()
			}
		}
	}
}

// bugsAndDeployments says that a deployment is live, or now and then that there
// is a bug.
func bugsAndDeployments(p *process, who, n int) (status int, a answer, deliveries int) {
	if n%10 == 9 {
		status, a = p.post("bugs", fmt.Sprintf(`{"bugId":"b%d-%d","title":"it broke"}`, who, n), "X-Relay-Secret", "s")
		return status, a, 1
	}
	body := fmt.Sprintf(`{"action":"created","deployment_status":{"state":"success","environment":"production","environment_url":"https://x.example.com"},
		"deployment":{"id":%d,"sha":"%040x","ref":"main"},"repository":{"full_name":"acme/web"},"sender":{"login":"x"}}`, who*100000+n, who*100000+n+1)
	mac := hmac.New(sha256.New, []byte("s"))
	mac.Write([]byte(body))
	status, a = p.post("hub", body, "X-GitHub-Event", "deployment_status",
		"X-GitHub-Delivery", fmt.Sprintf("%d-%d", who, n), "X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return status, a, 2
}

func (s *senders) stop() map[string]int {
	close(s.quit)
	s.wg.Wait()
	return s.acked
}

// awaitEnd waits until all deliveries of the events have come to an end.
func awaitEnd(t *testing.T, p *process, events map[string]int, patience time.Duration) []work.Delivery {
	t.Helper()
	var deliveries []work.Delivery
	left := map[string]string{}
	for id := range events {
		left[id] = "not looked at"
	}
	for end := time.Now().Add(patience); len(left) > 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d events of %d did not come to an end: %v", len(left), len(events), left)
		}
		for id := range left {
			var d journal.Detail
			if err := p.ask(http.MethodGet, "/api/events/"+id, &d); err != nil {
				t.Fatalf("acknowledged event %s: %v", id, err)
			}
			final := len(d.Deliveries) == events[id]
			left[id] = d.State
			for _, one := range d.Deliveries {
				final = final && one.State.Final()
				left[id] += fmt.Sprintf(" %s:%s(%s)", one.Action.Rule, one.State, one.Note)
			}
			if final {
				deliveries = append(deliveries, d.Deliveries...)
				delete(left, id)
			}
		}
	}
	return deliveries
}
