package relay_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// When the relay is told to stop, the door closes first, and an attempt under
// way ends: its outcome is no guess after the next start.
func TestStopLetsAttemptsEnd(t *testing.T) {
	t.Parallel()
	h := newHub()
	arrived, closed := make(chan struct{}), make(chan struct{})
	h.behave = func(int, http.ResponseWriter) bool {
		close(arrived)
		<-closed
		return false
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	p := newProcess(t, fmt.Sprintf(`
sources:
  ci: {service: bitrise, verify: none, repository: acme/web}
targets:
  there: {service: github, token: env:S, api-url: %q, repositories: [acme/web]}
rules:
  - {name: built, source: ci, do: dispatch, to: there, with: {event-type: built}}
`, server.URL))
	p.start(t)
	_, a := p.post("ci", `{"build_slug":"b","app_slug":"a","build_status":1}`, "Bitrise-Event-Type", "build/finished")
	<-arrived
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if status, _ := p.post("ci", `{"build_slug":"late"}`); status == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the door stays open")
		}
	}
	close(closed)
	p.stop(t)

	p.start(t)
	var d journal.Detail
	if err := p.ask(http.MethodGet, "/api/events/"+a.ID, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Deliveries) != 1 || d.Deliveries[0].State != work.Done {
		t.Errorf("deliveries %+v, want one that is done", d.Deliveries)
	}
}

// Who sends a request slowly does not keep its place for long.
func TestSlowSenderIsCutOff(t *testing.T) {
	t.Parallel()
	p := newProcess(t, `
sources:
  ci: {service: bitrise, verify: none, repository: acme/web}
targets:
  there: {service: github, token: env:S, repositories: [acme/web]}
rules:
  - {name: built, source: ci, do: dispatch, to: there, with: {event-type: built}}
`)
	p.start(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimSuffix(strings.TrimPrefix(p.hooks, "http://"), "/hooks/"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	if _, err := io.WriteString(conn, "POST /hooks/ci HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(began.Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("after %v: %v, want the relay to hang up", time.Since(began), err)
	}
}
