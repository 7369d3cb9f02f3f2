package relay_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const movedRules = `
sources:
  bugs: {service: betterbugs, verify: {header: X-Relay-Secret, secret: env:S}}
  ci: {service: bitrise, verify: none, repository: acme/web}
targets:
  there: {service: github, token: env:S, api-url: %q, repositories: [acme/web]}
  later: {service: github, token: env:S, api-url: %q, repositories: [acme/web]}
rules:
  - {name: bug, source: bugs, do: issue, to: there, with: {repository: acme/web}}
  - {name: built, source: ci, do: dispatch, to: later, with: {event-type: built}}
`

// A relay's whole memory goes from SQLite to Postgres and back, and nothing is
// another than before: events, keys, deliveries, attempts. A relay on the other
// side goes on where the first stopped.
func TestMovesBetweenDatabases(t *testing.T) {
	t.Parallel()
	at := pgtest.Start(t)
	h := newHub()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	p := newProcess(t, fmt.Sprintf(movedRules, server.URL, "http://127.0.0.1:1"))
	p.start(t)
	const bug = `{"bugId":"b","title":"it \u0026 broke \u00e9","description":"` + "\\u2028" + `"}`
	_, done := p.post("bugs", bug, "X-Relay-Secret", "s")
	_, waits := p.post("ci", `{"build_slug":"b","app_slug":"a","build_status":1}`, "Bitrise-Event-Type", "build/finished")
	p.post("bugs", `{"hello":"this is a test"}`) // unverified
	p.awaitState(t, done.ID, work.Done)
	p.awaitState(t, waits.ID, work.Retry)
	p.stop(t)

	home := relay.Place{Data: filepath.Join(p.dir, "data")}
	abroad := relay.Place{Data: filepath.Join(t.TempDir(), "data"), Database: secret.New(at)}
	first := export(t, home)
	for table, n := range map[string]int{"event": 3, "delivery": 2, "attempt": 2} {
		if got := strings.Count(first, `{"table":"`+table+`"`); got < n {
			t.Errorf("%d rows of %s are exported, want %d", got, table, n)
		}
	}
	for table, m := range move(t, first, abroad) {
		if m.Added != m.Found || m.Found == 0 {
			t.Errorf("%s: %+v, want all added", table, m)
		}
	}
	for table, m := range move(t, first, abroad) {
		if m.Added != 0 || m.Found == 0 {
			t.Errorf("%s, once more: %+v, want none added", table, m)
		}
	}
	second := export(t, abroad)
	same(t, first, second)
	back := relay.Place{Data: filepath.Join(t.TempDir(), "data")}
	move(t, second, back)
	same(t, first, export(t, back))

	q := newProcess(t, fmt.Sprintf(movedRules, server.URL, server.URL), "DATABASE="+at)
	q.start(t)
	if _, err := abroad.Import(t.Context(), strings.NewReader(first)); err != nil {
		t.Errorf("beside a relay that runs: %v", err)
	}
	if _, a := q.post("bugs", bug, "X-Relay-Secret", "s"); a.ID != done.ID || a.State != "duplicate" {
		t.Errorf("the same event is answered with %+v, want a duplicate of %s", a, done.ID)
	}
	q.awaitState(t, waits.ID, work.Done)
	var health journal.Health
	if err := q.ask("GET", "/api/health", &health); err != nil || health.FreeBytes != -1 || health.InboxBytes <= 0 {
		t.Errorf("health %+v, %v; want a size, and no room on a disk that is elsewhere", health, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.issues) != 1 || len(h.dispatched) != 1 {
		t.Errorf("%d issues, %d dispatches, want one of each", len(h.issues), len(h.dispatched))
	}
}

func export(t *testing.T, p relay.Place) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Export(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func move(t *testing.T, text string, to relay.Place) map[string]relay.Moved {
	t.Helper()
	moved, err := to.Import(t.Context(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return moved
}

// same compares lines in any order: databases sort text differently.
func same(t *testing.T, want, got string) {
	t.Helper()
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("what is kept (-want +got):\n%s", diff)
	}
}

func sorted(text string) []string { return slices.Sorted(strings.Lines(text)) }

// A relay that works on a directory is not exported, and a file from elsewhere
// is not imported.
func TestTransferRefuses(t *testing.T) {
	t.Parallel()
	p := newProcess(t, bugRulesAnywhere)
	p.start(t)
	place := relay.Place{Data: filepath.Join(p.dir, "data")}
	if err := place.Export(t.Context(), &bytes.Buffer{}); !errors.Is(err, inbox.ErrLocked) {
		t.Errorf("export of a relay that runs: %v, want ErrLocked", err)
	}
	empty := relay.Place{Data: filepath.Join(t.TempDir(), "data")}
	if err := empty.Export(t.Context(), &bytes.Buffer{}); err == nil {
		t.Error("export of nothing")
	}
	for text, want := range map[string]string{
		`{"table":"river_job","row":{"id":1}}` + "\n" + `{"end":{"river_job":1}}`:                                      `there is no table "river_job"`,
		`{"table":"event","row":{"id":"1","id) VALUES (1); DROP TABLE event; --":"x"}}` + "\n" + `{"end":{"event":1}}`: "has no column",
		`{"table":"event","row":{"id":"1"}}` + "\n" + `{"end":{"event":1}}`:                                            "NOT NULL",
	} {
		if _, err := empty.Import(t.Context(), strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("import of %s: %v, want %q", text, err, want)
		}
	}
}
