//go:build e2e

package relay_test

import (
	"bufio"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/work"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

// soakVariable says how long the soak loads the relay.
const soakVariable = "SOAK"

const soakRules = `
sources:
  github: {service: github, verify: {signature: env:S}}
  bitrise: {service: bitrise, verify: {signature: env:S}, repository: acme/web}
  currents: {service: currents, verify: {header: X-Relay-Secret, secret: env:S}}
  gleap: {service: gleap, verify: {header: X-Relay-Secret, secret: env:S}}
  betterbugs: {service: betterbugs, verify: {header: X-Relay-Secret, secret: env:S}}
targets:
  there: {service: github, token: env:S, api-url: "%s", repositories: [acme/web], concurrency: 8}
rules:
  - {name: live, source: github, kind: deployment, do: dispatch, to: there, with: {event-type: live}}
  - {name: deployed, source: github, kind: deployment, do: status, to: there, with: {context: deployed}}
  - {name: built, source: bitrise, event: build/finished, do: dispatch, to: there, with: {event-type: built, repository: acme/web}}
  - {name: tested, source: currents, do: status, to: there, with: {context: tested, repository: acme/web}}
  - {name: bug, source: [gleap, betterbugs], kind: bug, do: issue, to: there, with: {repository: acme/web}}
`

// played is what one service sends, and to how many deliveries it leads.
type played struct {
	service, event string
	deliveries     int
}

// soakEvent is like a day of all five services: bugs are rare.
func soakEvent(p *process, who, n int) (status int, a answer, deliveries int) {
	one := played{"github", "deployment_status", 2}
	switch n % 20 {
	case 3, 4, 8, 12, 16:
		one = played{"bitrise", "build/finished", 1}
	case 5, 6, 10, 14, 18:
		one = played{"currents", "RUN_FINISH:failed", 1}
	case 7:
		one = played{"gleap", "BUG_CREATED", 1}
	case 13:
		one = played{"betterbugs", "report", 1}
	}
	serial := who*1_000_000 + n + 1
	m, err := services.Make(one.service, one.event, services.Options{
		Secret: "s", Commit: fmt.Sprintf("%040x", serial), Serial: serial,
	})
	if err != nil {
		return 0, answer{}, 0
	}
	var header []string
	for name, values := range m.Header {
		header = append(header, name, values[0])
	}
	status, a = p.post(one.service, string(m.Body), header...)
	return status, a, one.deliveries
}

// The relay bears a mixed load for long, kills and a GitHub that misbehaves: in
// the end everything that was acknowledged is there and was carried out, nothing
// twice, and the relay has not grown.
func TestSoak(t *testing.T) {
	t.Parallel()
	lasting := time.Minute
	if text := os.Getenv(soakVariable); text != "" {
		var err error
		if lasting, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", soakVariable, err)
		}
	}
	h := newHub()
	h.behave = stall
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	p := newProcess(t, fmt.Sprintf(soakRules, server.URL))
	p.start(t)

	senders := newSenders(soakEvent, p)
	kills := 0
	for end := time.Now().Add(lasting * 2 / 3); time.Now().Before(end); kills++ {
		time.Sleep(time.Duration(2000+rand.IntN(3000)) * time.Millisecond)
		p.kill(t)
		p.start(t)
	}
	acknowledged := senders.stop()
	if len(acknowledged) < 100 {
		t.Fatalf("only %d events were acknowledged: want a load", len(acknowledged))
	}
	h.calm()
	deliveries := awaitEnd(t, p, acknowledged, 5*time.Minute)
	before := p.sizes(t)

	// The last life is long enough to show what grows.
	senders = newSenders(func(p *process, who, n int) (int, answer, int) { return soakEvent(p, who+10, n) }, p)
	time.Sleep(lasting / 3)
	more := senders.stop()
	deliveries = append(deliveries, awaitEnd(t, p, more, 5*time.Minute)...)
	after := p.sizes(t)
	p.stop(t)

	unknown := h.check(t, deliveries)
	for name, slack := range map[string]float64{"process_open_fds": 20, "go_goroutines": 40, "go_memstats_heap_inuse_bytes": 48 << 20} {
		if after[name] > before[name]+slack {
			t.Errorf("%s grew from %.0f to %.0f with %d further events: want at most %.0f more", name, before[name], after[name], len(more), slack)
		}
	}
	// SQLite's caches fill with the files, up to 256 MiB together.
	if most := 512.0 * (1 << 20); after[residentMetric] > most {
		t.Errorf("the relay takes %.0f bytes: want at most %.0f", after[residentMetric], most)
	}
	maps.Copy(acknowledged, more)
	counts := map[work.State]int{}
	for _, d := range deliveries {
		counts[d.State]++
	}
	t.Logf("%d kills, %d events acknowledged, deliveries %v (%d unknown), %d writes at GitHub; before %v, after %v",
		kills, len(acknowledged), counts, unknown, h.writes, before, after)
}

// stall is GitHub on a bad day: it misbehaves, and now and then takes its time.
func stall(n int, w http.ResponseWriter) bool {
	if n%50 == 37 {
		time.Sleep(2 * time.Second)
	}
	return misbehave(n, w)
}

const residentMetric = "process_resident_memory_bytes"

// sizes reads what must not grow from the relay's metrics.
func (p *process) sizes(t *testing.T) map[string]float64 {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, p.admin+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	sizes := map[string]float64{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "process_open_fds", "go_goroutines", "go_memstats_heap_inuse_bytes", residentMetric:
			if sizes[name], err = strconv.ParseFloat(value, 64); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(sizes) != 4 {
		t.Fatalf("the metrics have %v: want files, goroutines and memory", sizes)
	}
	return sizes
}
