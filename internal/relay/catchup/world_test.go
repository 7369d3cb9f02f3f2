package catchup_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afterdeploy/afterdeploy/internal/relay/catchup"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/receive"
	"github.com/afterdeploy/afterdeploy/internal/relay/route"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// world is a relay's front door and inbox, and the services around it.
type world struct {
	t       *testing.T
	down    atomic.Bool
	door    string // address of /hooks/
	box     *inbox.Inbox
	sources map[string]*source.Source
	order   []*source.Source
	catcher *catchup.Catcher

	github   *github.Fake
	bitrise  *bitrise.Fake
	currents *currents.Fake
}

const owner = "acme/web"

func newWorld(t *testing.T) *world {
	t.Helper()
	box, err := inbox.OpenSQLite(t.Context(), t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, box: box, sources: map[string]*source.Source{}}
	w.catcher = &catchup.Catcher{
		Inbox: box, Sources: func() []*source.Source { return w.order }, Kept: func() {}, HTTP: http.DefaultClient,
		Log: slog.New(slog.DiscardHandler), Most: 30 * 24 * time.Hour, Grace: time.Millisecond,
	}
	w.door = w.serve(w.frontDoor()) + "/hooks/"
	t.Cleanup(func() { _ = box.Close() }) // after the door is closed
	return w
}

func (w *world) serve(h http.Handler) string {
	server := httptest.NewServer(h)
	w.t.Cleanup(server.Close)
	return server.URL
}

// frontDoor takes what is sent, unless the relay is down.
func (w *world) frontDoor() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/hooks/{source}", &receive.Handler{
		Source: func(name string) (*source.Source, bool) { s, ok := w.sources[name]; return s, ok },
		Inbox:  w.box, Failed: func(context.Context, string) (bool, error) { return false, nil }, Kept: func() {},
		Observe: func(string, string, time.Duration) {}, Log: slog.New(slog.DiscardHandler), Room: receive.NewRoom(10, 10<<20),
	})
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.down.Load() {
			rw.WriteHeader(http.StatusBadGateway) // a proxy's word
			return
		}
		mux.ServeHTTP(rw, r)
	})
}

// add adds a source.
func (w *world) add(c source.Config) *source.Source {
	w.t.Helper()
	c.Verify = source.Verification{Secrets: []secret.String{secret.New("s")}}
	if c.Service == source.Currents {
		c.Verify.Header = "X-Relay-Secret"
	}
	s, err := source.New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.sources[c.Name], w.order = s, append(w.order, s)
	return s
}

// withGitHub adds source web and the API that its webhook is in.
func (w *world) withGitHub(s github.Script) {
	s.Hooks = append(s.Hooks, github.Hook{Of: owner, URL: w.door + "web"})
	w.github = github.New(s)
	w.add(source.Config{Name: "web", Service: source.GitHub, APIToken: secret.New("t0ken"), APIURL: w.serve(w.github), HooksOf: []string{owner}})
}

// withBitrise adds source ios.
func (w *world) withBitrise(s bitrise.Script) {
	s.Webhooks = append(s.Webhooks, bitrise.Webhook{URL: w.door + "ios?rev=1", Secret: "s", Events: []string{"build"}})
	w.bitrise = bitrise.New(s)
	w.add(source.Config{
		Name: "ios", Service: source.Bitrise, APIToken: secret.New(bitrise.DefaultToken), APIURL: w.serve(w.bitrise), AppSlug: services.BitriseApp(),
	})
}

// withCurrents adds source e2e.
func (w *world) withCurrents(s currents.Script, aggregate bool) {
	s.Webhooks = append(s.Webhooks, currents.Webhook{
		URL: w.door + "e2e", Headers: `{"X-Relay-Secret": "s"}`, Events: []string{"RUN_START", "RUN_FINISH", "RUN_TIMEOUT", "RUN_CANCELED"},
	})
	w.currents = currents.New(s)
	w.add(source.Config{
		Name: "e2e", Service: source.Currents, APIToken: secret.New(currents.DefaultKey), APIURL: w.serve(w.currents),
		ProjectID: currents.DefaultProject, Aggregate: aggregate,
	})
}

// send lets something happen; want says whether the relay hears of it.
func (w *world) send(service, what string, serial int, want bool) {
	w.t.Helper()
	var err error
	o := services.Options{Secret: "s", Serial: serial, Repository: owner}
	switch service {
	case source.GitHub:
		err = w.github.Send(w.t.Context(), owner, what, o)
	case source.Bitrise:
		err = w.bitrise.Send(w.t.Context(), services.BitriseApp(), what, o)
	case source.Currents:
		o.Now = time.Now()
		err = w.currents.Send(w.t.Context(), currents.DefaultProject, what, o)
	}
	if (err == nil) != want {
		w.t.Fatalf("%s sends %s: %v, want it heard: %t", service, what, err, want)
	}
	w.read()
}

// read says of all that came what it is about, as a router does.
func (w *world) read() {
	w.t.Helper()
	claim, err := w.box.Claim(w.t.Context(), time.Now(), time.Minute, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, id := range claim.IDs {
		stored, err := w.box.Get(w.t.Context(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		e, _, _ := route.Parse(route.Rules{Sources: w.sources}, stored)
		if err := w.box.Describe(w.t.Context(), id, e.Name, string(e.Kind), e.Subject); err != nil {
			w.t.Fatal(err)
		}
		if err := w.box.Settle(w.t.Context(), id, claim.Until, inbox.Routed, ""); err != nil {
			w.t.Fatal(err)
		}
	}
}

// run catches up.
func (w *world) run(q catchup.Query) catchup.Report {
	w.t.Helper()
	report, err := w.catcher.Run(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	w.read()
	return report
}

// count is what a look found.
type count struct{ found, brought, known, failed int }

// wants runs and compares what was found, without an error.
func (w *world) wants(q catchup.Query, want ...count) {
	w.t.Helper()
	var got []count
	for _, r := range w.run(q).Sources {
		if r.Error != "" {
			w.t.Errorf("%s: %s", r.Source, r.Error)
		}
		got = append(got, count{r.Found, r.Brought, r.Known, r.Failed})
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(count{})); diff != "" {
		w.t.Errorf("found, brought in, known, failed (-want +got):\n%s", diff)
	}
}

// here compares all that is in the inbox, by name and subject, and that all of
// it came once.
func (w *world) here(want ...string) {
	w.t.Helper()
	list, err := w.box.List(w.t.Context(), inbox.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, s.Name+" "+s.Subject)
		if s.Arrivals != 1 {
			w.t.Errorf("%s came %d times", s.Key, s.Arrivals)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		w.t.Errorf("in the inbox (-want +got):\n%s", diff)
	}
}
