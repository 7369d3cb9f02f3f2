package route_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/route"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const rules = `
sources:
  runs: {service: currents, verify: none, repository: acme/web}
  hub: {service: github, verify: {signature: env:S}}
targets:
  there: {service: github, token: env:S, repositories: [acme/web]}
own:
  senders: ["our-app[bot]"]
rules:
  - {name: status, source: runs, do: status, to: there}
  - {name: live, source: hub, kind: deployment, do: dispatch, to: there, with: {event-type: live}}
  - name: alarm
    source: relay
    do: issue
    to: there
    with: {repository: acme/web, title: "${title}"}
`

// relay is the rooms behind the front door, with a target that remembers.
type relay struct {
	*route.Router
	mu      sync.Mutex
	done    []string
	deliver func(rule.Action) error
}

// Deliver implements [target.Target].
func (r *relay) Deliver(_ context.Context, a rule.Action) (target.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.deliver != nil {
		if err := r.deliver(a); err != nil {
			return target.Result{}, err
		}
	}
	line := a.Rule
	if a.Commit != nil {
		line += " " + a.Commit.State
	}
	r.done = append(r.done, line)
	return target.Result{}, nil
}

func (r *relay) delivered() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.done...)
}

func (r *relay) deliverWith(fn func(rule.Action) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deliver = fn
}

func load(t *testing.T, text string) route.Rules {
	t.Helper()
	file, err := rule.Load([]byte(text), func(string) (secret.String, error) { return secret.New("s"), nil })
	if err != nil {
		t.Fatal(err)
	}
	loaded := route.Rules{File: file, Sources: map[string]*source.Source{}}
	for _, c := range file.Sources {
		if loaded.Sources[c.Name], err = source.New(c); err != nil {
			t.Fatal(err)
		}
	}
	return loaded
}

// start makes the rooms; run begins to route.
func start(t *testing.T) (r *relay, run func()) {
	t.Helper()
	dir := t.TempDir()
	box, err := inbox.OpenSQLite(t.Context(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	loaded := load(t, rules)
	r = &relay{Router: route.New(route.Router{
		Inbox: box, Rules: func() route.Rules { return loaded }, Log: slog.New(slog.DiscardHandler),
	})}
	if r.Work, err = work.OpenSQLite(t.Context(), dir, work.Options{Tell: r.Tell}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		r.Work.SetLanes(t.Context(), []work.Lane{{Name: "there", Concurrency: 4, Target: r}}),
		r.Work.Start(t.Context()),
	); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var routing sync.WaitGroup
	t.Cleanup(func() {
		stop()
		routing.Wait()
		if err := errors.Join(r.Work.Stop(context.Background()), box.Close()); err != nil {
			t.Error(err)
		}
	})
	return r, func() { routing.Go(func() { r.Run(ctx) }) }
}

// put keeps a request as the front door would.
func (r *relay) put(t *testing.T, name, key string, header http.Header, body string) string {
	t.Helper()
	src := r.Rules().Sources[name]
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	receipt, err := r.Inbox.Put(t.Context(), inbox.Entry{
		Source: name, Service: src.Service(), Key: key, Method: "POST", Header: header, Body: []byte(body), Received: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Wake()
	return receipt.ID
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for 30 s: %s", what)
		}
	}
}

// settled waits until an entry is routed, and returns it.
func (r *relay) settled(t *testing.T, id string, want inbox.State) inbox.Stored {
	t.Helper()
	var got inbox.Stored
	await(t, "event is "+string(want), func() bool {
		var err error
		if got, err = r.Inbox.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return got.State == want
	})
	return got
}

// states lists the states of an event's deliveries.
func (r *relay) states(t *testing.T, id string) []string {
	t.Helper()
	list, err := r.Work.Deliveries(t.Context(), work.Filter{Events: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, d := range list {
		states = append(states, d.Action.Rule+" "+string(d.State))
	}
	return states
}

func (r *relay) awaitStates(t *testing.T, id string, want ...string) {
	t.Helper()
	await(t, fmt.Sprintf("deliveries are %q", want), func() bool { return cmp.Equal(r.states(t, id), want) })
}

const sha = "0123456789abcdef0123456789abcdef01234567"

func run(name, id string, failures int) string {
	return fmt.Sprintf(`{"event":%q,"runUrl":"https://app.currents.dev/run/%s","commit":{"sha":%q,"branch":"main"},
		"overall":3,"passes":%d,"failures":%d,"pending":0,"skipped":0,"retries":0,"flaky":0}`, name, strings.Repeat(id, 32), sha, 3-failures, failures)
}

const deployment = `{"action":"created","deployment_status":{"state":"success","environment":"production","environment_url":"https://x.example.com"},
	"deployment":{"id":1,"sha":"` + sha + `","ref":"main"},"repository":{"full_name":"acme/web"},"sender":{"login":%q}}`

func fromGitHub(name string) http.Header { return http.Header{"X-Github-Event": {name}} }

func TestRoutes(t *testing.T) {
	t.Parallel()
	r, route := start(t)
	route()
	id := r.put(t, "runs", "1", nil, run("RUN_START", "a", 0))
	r.awaitStates(t, id, "status done")
	got := r.settled(t, id, inbox.Routed)
	if got.Note != "1 matched" || got.Kind != "run" || got.Subject == "" || got.Name != "RUN_START" {
		t.Errorf("settled as %+v", got)
	}
	if diff := cmp.Diff([]string{"status pending"}, r.delivered()); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
}

func TestIgnoredSaysWhy(t *testing.T) {
	t.Parallel()
	r, route := start(t)
	route()
	for name, tt := range map[string]struct{ id, note string }{
		"no rule":  {r.put(t, "hub", "1", fromGitHub("ping"), `{"zen":"x"}`), "no rule matched"},
		"our own":  {r.put(t, "hub", "2", fromGitHub("deployment_status"), fmt.Sprintf(deployment, "our-app[bot]")), "own"},
		"no JSON":  {r.put(t, "hub", "3", fromGitHub("push"), `{"a`), "no rule matched; read body of github: not a JSON object"},
		"a future": {r.put(t, "hub", "4", fromGitHub("something_new"), `{}`), "no rule matched"},
	} {
		if got := r.settled(t, tt.id, inbox.Ignored); got.Note != tt.note {
			t.Errorf("%s: note %q, want %q", name, got.Note, tt.note)
		}
	}
	if done := r.delivered(); len(done) > 0 {
		t.Errorf("delivered %q, want nothing", done)
	}
}

// Which of one run's events counts does not depend on the order in which they
// are routed, even if they all wait when the router starts.
func TestBacklogKeepsItsOrder(t *testing.T) {
	t.Parallel()
	for range 5 {
		r, route := start(t)
		finish := r.put(t, "runs", "1", nil, run("RUN_FINISH", "a", 1))
		late := r.put(t, "runs", "2", nil, run("RUN_START", "a", 0))
		route()
		await(t, "both are final", func() bool {
			first, second := r.states(t, finish), r.states(t, late)
			return cmp.Equal(first, []string{"status done"}) &&
				(cmp.Equal(second, []string{"status superseded"}) || cmp.Equal(second, []string{"status done"}))
		})
		done := r.delivered()
		if len(done) == 0 || done[len(done)-1] != "status failure" {
			t.Errorf("delivered %q, want the failure last", done)
		}
	}
}

// A newer run of the same commit counts, and an older one that ends late does
// not.
func TestNewerRunCounts(t *testing.T) {
	t.Parallel()
	r, route := start(t)
	route()
	for i, body := range []string{run("RUN_START", "a", 0), run("RUN_START", "b", 0)} {
		r.awaitStates(t, r.put(t, "runs", fmt.Sprint(i), nil, body), "status done")
	}
	r.awaitStates(t, r.put(t, "runs", "2", nil, run("RUN_FINISH", "a", 1)), "status superseded")
	r.awaitStates(t, r.put(t, "runs", "3", nil, run("RUN_FINISH", "b", 0)), "status done")
	if diff := cmp.Diff([]string{"status pending", "status pending", "status success"}, r.delivered()); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
}

// GitHub's Redeliver button repeats the key: what is dead goes out again, what
// is done does not.
func TestRedeliveryRevivesWhatFailed(t *testing.T) {
	t.Parallel()
	r, route := start(t)
	route()
	r.deliverWith(func(a rule.Action) error {
		if a.Rule == "live" {
			return &target.Error{Verdict: target.Dead, Err: errors.New("no such repository")}
		}
		return nil
	})
	id := r.put(t, "hub", "1", fromGitHub("deployment_status"), fmt.Sprintf(deployment, "somebody"))
	r.awaitStates(t, id, "live dead")
	await(t, "the alarm is raised", func() bool { return cmp.Equal(r.delivered(), []string{"alarm"}) })
	r.deliverWith(nil)
	if again := r.put(t, "hub", "1", fromGitHub("deployment_status"), fmt.Sprintf(deployment, "somebody")); again != id {
		t.Fatalf("the repetition has another identifier")
	}
	r.awaitStates(t, id, "live done")
	r.put(t, "hub", "1", fromGitHub("deployment_status"), fmt.Sprintf(deployment, "somebody"))
	await(t, "the third arrival is routed", func() bool { n, _, err := r.Inbox.Waiting(t.Context()); return n == 0 && err == nil })
	if diff := cmp.Diff([]string{"alarm", "live"}, r.delivered()); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
}

// Deaths are told as events of the relay's own; the death of what tells of them
// is not.
func TestTellingEnds(t *testing.T) {
	t.Parallel()
	r, route := start(t)
	route()
	r.deliverWith(func(rule.Action) error { return &target.Error{Verdict: target.Dead, Err: errors.New("all is lost")} })
	id := r.put(t, "runs", "1", nil, run("RUN_START", "a", 0))
	r.awaitStates(t, id, "status dead")
	var own []inbox.Stored
	await(t, "the death is told", func() bool {
		var err error
		if own, err = r.Inbox.List(t.Context(), inbox.Filter{Source: rule.Relay, State: inbox.Routed}); err != nil {
			t.Fatal(err)
		}
		return len(own) == 1
	})
	if own[0].Name != work.DeliveryDead || own[0].Kind != string(event.KindDelivery) {
		t.Errorf("told %+v", own[0])
	}
	r.awaitStates(t, own[0].ID, "alarm dead")
	time.Sleep(100 * time.Millisecond)
	if list, err := r.Inbox.List(t.Context(), inbox.Filter{Source: rule.Relay}); err != nil || len(list) != 1 {
		t.Errorf("%d events of the relay's own, %v; want one", len(list), err)
	}
}

func TestEnrichmentIsAskedAgainAndThenLeft(t *testing.T) {
	t.Parallel()
	r, route := start(t)
	var (
		mu    sync.Mutex
		asked int
	)
	r.Enrich = func(_ context.Context, _ source.Config, e event.Event) (event.Event, error) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return e, errors.New("the service does not answer")
	}
	route()
	id := r.put(t, "runs", "1", nil, run("RUN_START", "a", 0))
	await(t, "it is put off", func() bool {
		got, err := r.Inbox.Get(t.Context(), id)
		return err == nil && got.Note == "the service does not answer" && got.State == inbox.New
	})
	for range 4 { // instead of waiting minutes
		await(t, "it is asked", func() bool { n := 0; mu.Lock(); n = asked; mu.Unlock(); return n > 0 })
		mu.Lock()
		asked = 0
		mu.Unlock()
		if err := r.Inbox.Defer(t.Context(), id, time.Now(), ""); err != nil {
			t.Fatal(err)
		}
		r.Wake()
	}
	r.awaitStates(t, id, "status done")
	if got := r.settled(t, id, inbox.Routed); got.Note != "1 matched; the service does not answer" {
		t.Errorf("note %q", got.Note)
	}
}

func TestWhatCannotBeRoutedIsSettled(t *testing.T) {
	t.Parallel()
	r, route := start(t)
	receipt, err := r.Inbox.Put(t.Context(), inbox.Entry{
		Source: "gone", Service: "gleap", Key: "k", Method: "POST", Body: []byte("{}"), Received: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	route()
	if got := r.settled(t, receipt.ID, inbox.Ignored); got.Note != "its source is not in the rules file" {
		t.Errorf("note %q", got.Note)
	}
	if _, err := r.Inbox.Prune(t.Context(), time.Now().Add(time.Hour), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Inbox.Put(t.Context(), inbox.Entry{
		Source: "gone", Service: "gleap", Key: "k", Method: "POST", Body: []byte("{}"), Received: time.Now(),
	}); err != nil {
		t.Fatal(err)
	}
	r.Wake()
	await(t, "the repetition is settled", func() bool {
		got, err := r.Inbox.Get(t.Context(), receipt.ID)
		return err == nil && got.Note == "it came again after its body was pruned"
	})
}
