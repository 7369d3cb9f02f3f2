package relay_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/catchup"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

const commit = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

const outageRules = `
catch-up: 15m
sources:
  web: {service: github, verify: {signature: env:S}, api-token: env:S, api-url: %[2]q, hooks-of: acme/web}
  ios: {service: bitrise, verify: {signature: env:S}, api-token: env:BITRISE, api-url: %[3]q, app-slug: %[5]q, repository: acme/web}
  e2e: {service: currents, verify: {header: X-Relay-Secret, secret: env:S}, api-token: env:CURRENTS, api-url: %[4]q, project-id: %[6]q}
targets:
  there: {service: github, token: env:S, api-url: %[1]q, repositories: [acme/web]}
rules:
  - {name: all, kind: [deployment, build, run], do: dispatch, to: there, with: {event-type: news}}
`

// Services send once, while the relay is not there. When it is back, each event
// is there once and was delivered once, and looking again changes nothing.
func TestOutage(t *testing.T) {
	t.Parallel()
	outage(t, 1, (*process).kill)
}

// The same holds for two relays on one Postgres. They are stopped: a killed
// leader's office ends only after a while.
func TestOutageOfTwo(t *testing.T) {
	t.Parallel()
	outage(t, 2, (*process).stop, "DATABASE="+pgtest.Start(t))
}

const orderRules = `
sources:
  ios: {service: bitrise, verify: {signature: env:S}, api-token: env:BITRISE, api-url: %[2]q, app-slug: %[3]q, repository: acme/web}
targets:
  there: {service: github, token: env:S, api-url: %[1]q, repositories: [acme/web]}
rules:
  - {name: built, source: ios, do: status, to: there, with: {context: build}}
`

// The result of an older build, told late, does not take the place of a newer
// one's.
func TestWhatWasMissedStaysOld(t *testing.T) {
	t.Parallel()
	p, h := newProcess(t, "", "BITRISE="+bitrise.DefaultToken), newHub()
	s := newSenderServices(t, p.hooks)
	p.write(t, fmt.Sprintf(orderRules, serveAt(t, h), serveAt(t, s.bitrise), services.BitriseApp()))
	build := func(serial int, what string) error {
		return s.bitrise.Send(t.Context(), services.BitriseApp(), what, services.Options{Secret: "s", Serial: serial, Commit: commit})
	}
	if err := build(1, "build/finished"); err == nil {
		t.Fatal("there was no relay, and it was heard")
	}
	time.Sleep(10 * time.Millisecond) // for clocks that tell milliseconds
	p.start(t)
	if err := build(2, "build/finished:failed"); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, p, s.arrived(p, 1), 60*time.Second)
	var report catchup.Report
	since := url.QueryEscape(time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	if err := p.ask(http.MethodPost, "/api/catch-up?since="+since, &report); err != nil || report.Sources[0].Brought != 1 {
		t.Fatalf("caught up with %+v, %v; want one event", report, err)
	}
	states := map[work.State]int{}
	for _, d := range awaitEnd(t, p, s.arrived(p, 2), 60*time.Second) {
		states[d.State]++
	}
	if diff := cmp.Diff(map[work.State]int{work.Done: 1, work.Superseded: 1}, states); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if diff := cmp.Diff([]string{"failure"}, h.statuses[commit+" build"]); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func outage(t *testing.T, relays int, end func(*process, *testing.T), env ...string) {
	t.Helper()
	var all []*process
	for range relays {
		all = append(all, newProcess(t, "", append(env, "BITRISE="+bitrise.DefaultToken, "CURRENTS="+currents.DefaultKey)...))
	}
	p, h := all[0], newHub()
	s := newSenderServices(t, p.hooks)
	rules := fmt.Sprintf(outageRules, serveAt(t, h), serveAt(t, s.github), serveAt(t, s.bitrise), serveAt(t, s.currents),
		services.BitriseApp(), currents.DefaultProject)
	each := func(do func(*process, *testing.T)) {
		for _, one := range all {
			do(one, t)
		}
	}
	each(func(p *process, t *testing.T) { p.write(t, rules) })
	each((*process).start)
	// The first look finds nothing, and begins.
	s.finds(p, "", 0, 0)
	s.send(1, true)
	awaitEnd(t, p, s.arrived(p, 3), 60*time.Second) // or what was claimed waits for its lease
	each(end)
	for serial := 2; serial <= 4; serial++ {
		s.send(serial, false)
	}
	each((*process).start)
	const want = 4 * 3
	deliveries := awaitEnd(t, p, s.arrived(p, want), 60*time.Second)
	if len(deliveries) != want {
		t.Errorf("%d deliveries, want %d", len(deliveries), want)
	}
	s.finds(p, "", 6, 6) // Currents does not tell which webhooks failed
	s.finds(p, time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), 6, 6)
	time.Sleep(time.Second) // for what must not come
	s.arrived(p, want)

	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range deliveries {
		if n := h.dispatched[d.ID]; n != 1 || d.State != work.Done {
			t.Errorf("delivery %s is %s and was made %d times", d.ID, d.State, n)
		}
	}
	if len(h.dispatched) != want {
		t.Errorf("%d dispatches, want %d", len(h.dispatched), want)
	}
}

func serveAt(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// senderServices are services that send once, to a relay.
type senderServices struct {
	t        *testing.T
	github   *github.Fake
	bitrise  *bitrise.Fake
	currents *currents.Fake
}

func newSenderServices(t *testing.T, hooks string) *senderServices {
	return &senderServices{
		t:       t,
		github:  github.New(github.Script{Hooks: []github.Hook{{Of: "acme/web", URL: hooks + "web"}}}),
		bitrise: bitrise.New(bitrise.Script{Webhooks: []bitrise.Webhook{{URL: hooks + "ios", Secret: "s", Events: []string{"build"}}}}),
		currents: currents.New(currents.Script{Webhooks: []currents.Webhook{{
			URL: hooks + "e2e", Headers: `{"X-Relay-Secret": "s"}`, Events: []string{"RUN_FINISH"},
		}}}),
	}
}

// send lets each service send one event; heard says whether the relay hears it.
func (s *senderServices) send(serial int, heard bool) {
	s.t.Helper()
	o := services.Options{Secret: "s", Serial: serial, Commit: fmt.Sprintf("%040x", serial), Now: time.Now()}
	for service, err := range map[string]error{
		"github":   s.github.Send(s.t.Context(), "acme/web", "deployment_status", o),
		"bitrise":  s.bitrise.Send(s.t.Context(), services.BitriseApp(), "build/finished", o),
		"currents": s.currents.Send(s.t.Context(), currents.DefaultProject, "RUN_FINISH", o),
	} {
		if (err == nil) != heard {
			s.t.Fatalf("%s sends event %d: %v, want it heard: %t", service, serial, err, heard)
		}
	}
}

// finds has the relay look, and wants so many found, all of them here already.
func (s *senderServices) finds(p *process, since string, found, known int) {
	s.t.Helper()
	var report catchup.Report
	if err := p.ask(http.MethodPost, "/api/catch-up?since="+url.QueryEscape(since), &report); err != nil {
		s.t.Fatal(err)
	}
	var sum catchup.Result
	for _, r := range report.Sources {
		if r.Error != "" {
			s.t.Errorf("%s: %s", r.Source, r.Error)
		}
		sum.Found, sum.Brought, sum.Known, sum.Failed = sum.Found+r.Found, sum.Brought+r.Brought, sum.Known+r.Known, sum.Failed+r.Failed
	}
	if diff := cmp.Diff(catchup.Result{Found: found, Known: known}, sum); diff != "" {
		s.t.Errorf("found (-want +got):\n%s", diff)
	}
}

// arrived waits until so many events are there, each of which came once and has
// one delivery.
func (s *senderServices) arrived(p *process, want int) map[string]int {
	s.t.Helper()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		var events []journal.Event
		if err := p.ask(http.MethodGet, "/api/events", &events); err != nil {
			s.t.Fatal(err)
		}
		if len(events) < want && time.Now().Before(end) {
			continue
		}
		if len(events) != want {
			s.t.Fatalf("%d events, want %d", len(events), want)
		}
		found := map[string]int{}
		for _, e := range events {
			found[e.ID] = 1
			if e.Arrivals != 1 {
				s.t.Errorf("%s came %d times", e.ID, e.Arrivals)
			}
		}
		return found
	}
}
