package relay_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// A relay is backed up under load, lives on for a while, and is lost. What the
// backup gives back holds every event that was acknowledged before it, brings
// each to an end, and does nothing a second time that must not be.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	h := newHub()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	rules := fmt.Sprintf(crashRules, server.URL)
	p := newProcess(t, rules)
	p.start(t)
	senders := newSenders(bugsAndDeployments, p)
	before := senders.await(t, 40)
	backup := filepath.Join(t.TempDir(), "backup")
	if err := relay.Backup(t.Context(), filepath.Join(p.dir, "data"), backup); err != nil {
		t.Fatal(err)
	}
	senders.await(t, len(before)+20) // it goes on, and does what the backup does not know of
	p.kill(t)
	senders.stop()

	q := newProcess(t, rules)
	data := filepath.Join(q.dir, "data")
	if err := relay.Restore(t.Context(), backup, data); err != nil {
		t.Fatal(err)
	}
	q.start(t)
	counts := map[work.State]int{}
	deliveries := awaitEnd(t, q, before, 60*time.Second)
	h.mu.Lock()
	for id, n := range h.dispatched {
		if n > 1 {
			t.Errorf("dispatch %s was sent %d times", id, n)
		}
	}
	for _, d := range deliveries {
		counts[d.State]++
		if d.State == work.Done && d.Action.Dispatch != nil && h.dispatched[d.ID] != 1 {
			t.Errorf("dispatch %s is done and was sent %d times", d.ID, h.dispatched[d.ID])
		}
		if d.State != work.Done && (d.State != work.Unknown || d.Action.Dispatch == nil) {
			t.Errorf("%s %s is %s: %s", d.Action.Do, d.ID, d.State, d.Note)
		}
	}
	h.mu.Unlock()
	if counts[work.Done] == 0 {
		t.Error("nothing was done before the backup or after it")
	}
	if status, a := q.post("bugs", `{"bugId":"new","title":"news"}`, "X-Relay-Secret", "s"); status != 200 || a.State != "accepted" {
		t.Errorf("after the restore an event is answered with %d %v", status, a)
	} else {
		q.awaitFinal(t, a.ID)
	}
	t.Logf("%d events acknowledged before the backup: %v", len(before), counts)
}

// await waits until so many events are acknowledged, and returns them.
func (s *senders) await(t *testing.T, n int) map[string]int {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		acked := maps.Clone(s.acked)
		s.mu.Unlock()
		if len(acked) >= n {
			return acked
		}
	}
	t.Fatalf("waited for 60 s: %d events are acknowledged", n)
	return nil
}

// What waits in a backup may have been done since: a status is written again, a
// dispatch waits for a person, whether it was routed by then or not.
func TestRestoredRelayDoesNotGuess(t *testing.T) {
	t.Parallel()
	const rules = `
sources:
  ci: {service: bitrise, verify: none, repository: acme/web}
targets:
  there: {service: github, token: env:S, api-url: %q, repositories: [acme/web]}
rules:
  - {name: dispatch, source: ci, do: dispatch, to: there, with: {event-type: built}}
  - {name: status, source: ci, do: status, to: there, with: {commit: "0123456789abcdef0123456789abcdef01234567"}}
`
	h := newHub()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	p := newProcess(t, fmt.Sprintf(rules, "http://127.0.0.1:1")) // where nobody is
	p.start(t)
	_, a := p.post("ci", `{"build_slug":"b","app_slug":"a","build_status":1}`, "Bitrise-Event-Type", "build/finished")
	p.awaitState(t, a.ID, work.Retry)
	backup := filepath.Join(t.TempDir(), "backup")
	if err := relay.Backup(t.Context(), filepath.Join(p.dir, "data"), backup); err != nil {
		t.Fatal(err)
	}
	p.kill(t)

	q := newProcess(t, fmt.Sprintf(rules, server.URL))
	if err := relay.Restore(t.Context(), backup, filepath.Join(q.dir, "data")); err != nil {
		t.Fatal(err)
	}
	q.start(t)
	q.awaitFinal(t, a.ID)
	var d journal.Detail
	if err := q.ask("GET", "/api/events/"+a.ID, &d); err != nil {
		t.Fatal(err)
	}
	for _, one := range d.Deliveries {
		want := map[string]work.State{"dispatch": work.Unknown, "status": work.Done}[one.Action.Rule]
		if one.State != want {
			t.Errorf("%s is %s (%s), want %s", one.Action.Rule, one.State, one.Note, want)
		}
	}
}

// awaitState waits until all deliveries of an event are in a state.
func (p *process) awaitState(t *testing.T, id string, want work.State) {
	t.Helper()
	var d journal.Detail
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err := p.ask("GET", "/api/events/"+id, &d); err != nil {
			t.Fatal(err)
		}
		there := len(d.Deliveries) > 0
		for _, one := range d.Deliveries {
			there = there && one.State == want
		}
		if there {
			return
		}
	}
	t.Fatalf("waited for 30 s: the deliveries are %s: %+v", want, d.Deliveries)
}

// A restore overwrites nothing and takes nothing that is damaged.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	p := newProcess(t, bugRulesAnywhere)
	p.start(t)
	for i := range 20 { // more than fits on the first page
		p.post("bugs", fmt.Sprintf(`{"bugId":"b%d","title":%q}`, i, strings.Repeat("x", 2000)), "X-Relay-Secret", "s")
	}
	data, dir := filepath.Join(p.dir, "data"), t.TempDir()
	backup := func(name string) string {
		to := filepath.Join(dir, name)
		if err := relay.Backup(t.Context(), data, to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	good, damaged, halved := backup("good"), backup("damaged"), backup("halved")
	p.stop(t)
	damage(t, filepath.Join(damaged, "inbox.db"))
	if err := os.Remove(filepath.Join(halved, "work.db")); err != nil {
		t.Fatal(err)
	}
	fresh := func() string { return filepath.Join(t.TempDir(), "data") }
	for name, tt := range map[string]struct{ from, to, want string }{
		"a relay's directory":  {good, data, "there is a relay's inbox.db: want an empty directory"},
		"a damaged backup":     {damaged, fresh(), "check "},
		"half a backup":        {halved, fresh(), "work.db"},
		"no backup":            {filepath.Join(dir, "nothing"), fresh(), "no such file"},
		"a copy made by hand":  {handmade(t, good), fresh(), "want a directory that backup made"},
		"a backup, to nowhere": {good, fresh(), ""},
	} {
		err := relay.Restore(t.Context(), tt.from, tt.to)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if _, err := os.Stat(filepath.Join(tt.to, "inbox.db")); tt.want != "" && tt.to != data && err == nil {
			t.Errorf("%s: something is left", name)
		}
	}
	if err := relay.Backup(t.Context(), data, good); err == nil || !strings.Contains(err.Error(), "want a name that is free") {
		t.Errorf("a backup over another: %v", err)
	}
	if err := relay.Backup(t.Context(), fresh(), filepath.Join(dir, "of nothing")); err == nil {
		t.Error("a backup of nothing")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.part*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

const bugRulesAnywhere = `
sources:
  bugs: {service: betterbugs, verify: {header: X-Relay-Secret, secret: env:S}}
targets:
  there: {service: github, token: env:S, api-url: "http://127.0.0.1:1", repositories: [acme/web]}
rules:
  - {name: bug, source: bugs, when: 'title == "never"', do: issue, to: there, with: {repository: acme/web}}
`

// damage overwrites the middle of a file.
func damage(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < min(len(text), 8*4096); i++ {
		text[i] = 0xaa
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// handmade is a directory such as cp makes while a relay runs.
func handmade(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "inbox.db-wal"), []byte("what was not written back yet"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
