package relay_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
)

const secretRules = `
sources:
  bugs: {service: betterbugs, verify: {header: X-Relay-Secret, secret: env:HOOK}, repository: acme/web}
  feedback: {service: gleap, verify: {header: X-Relay-Secret, secret: env:HOOK}, repository: acme/web}
  runs: {service: currents, verify: {header: X-Relay-Secret, secret: env:HOOK}}
targets:
  there: {service: github, token: env:TOKEN, api-url: "%s", repositories: [acme/web]}
rules:
  - {name: issue, source: [bugs, feedback], do: issue, to: there}
  - name: raw
    source: [bugs, feedback, runs]
    do: dispatch
    to: there
    with: {event-type: raw, client-payload: {raw: "${raw}", fields: "${fields}", people: "${people}"}}
`

// reports hold something private in every place that a service has for it.
func reports() map[string]string {
	return map[string]string{
		"bugs": `{"bugId":"b1","title":"by CANARY1@example.com","description":"<p>CANARY2@example.com shared CANARY-share-3</p>",
			"shareToken":"CANARY-share-3","customFields":{"api_key":"CANARY-4","team":"a"},"metadata":[{"title":"token","value":"CANARY-5"}],
			"assignees":[{"email":"CANARY6@example.com","id":"u1","name":"q"}],"sessionUrl":"https://CANARY7:CANARY8@app.example.com/s"}`,
		"feedback": `{"action":"BUG_CREATED","data":{"id":"g1","title":"t","description":"see CANARY-9-share","secretShareToken":"CANARY-9-share",
			"reportedBy":"CANARY10@example.com","session":{"email":"CANARY11@example.com"},"consoleLog":[{"log":"CANARY-12"}],
			"networkLogs":[{"request":{"headers":{"authorization":"CANARY-13"}}}],"metaData":{"environment":"prod"}}}`,
		"runs": `{"event":"RUN_FINISH","runUrl":"https://app.example.com/run/1","commit":{"sha":"0123456789abcdef0123456789abcdef01234567","branch":"main",
			"authorEmail":"CANARY14@example.com","message":"by CANARY15@example.com","remoteOrigin":"https://CANARY16@github.com/acme/web.git"},
			"overall":1,"passes":1,"failures":0}`,
	}
}

// Nothing private and no secret leaves: not in the log, on a page, in JSON,
// among the metrics, or in what is sent on. Secrets are not even kept.
func TestNothingPrivateLeaves(t *testing.T) {
	t.Parallel()
	var (
		mu   sync.Mutex
		sent strings.Builder
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, "[]")
			return
		}
		token := r.Header.Get("Authorization")
		r.Header.Del("Authorization")
		fmt.Fprintf(&sent, "%s %s %v %s\n", r.Method, r.URL, r.Header, body)
		if token != "Bearer CANARY-token" {
			t.Errorf("GitHub got the token %q", token)
		}
		if strings.HasSuffix(r.URL.Path, "/issues") {
			// What the other side says may hold what it was sent.
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprintf(w, `{"message":"no: %s"}`, token)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	p := newProcess(t, fmt.Sprintf(secretRules, server.URL), "HOOK=CANARY-hook", "TOKEN=CANARY-token")
	p.start(t)
	var ids []string
	for source, body := range reports() {
		if status, _ := p.post(source, body, "X-Relay-Secret", "CANARY-wrong"); status != http.StatusUnauthorized {
			t.Errorf("%s: a wrong secret is answered with %d", source, status)
		}
		status, a := p.post(source, body, "X-Relay-Secret", "CANARY-hook", "Cookie", "CANARY-cookie", "X-Session-Token", "CANARY-session")
		if status != http.StatusOK {
			t.Fatalf("%s: answered %d", source, status)
		}
		ids = append(ids, a.ID)
	}
	seen := map[string]string{}
	for _, id := range ids {
		p.awaitFinal(t, id)
		seen["page of "+id] = p.see(t, "/events/"+id)
		seen["JSON of "+id] = p.see(t, "/api/events/"+id)
	}
	for _, path := range []string{"/", "/sources", "/rules", "/health", "/metrics", "/api/sources", "/api/rules", "/api/targets"} {
		seen[path] = p.see(t, path)
	}
	p.stop(t)
	seen["the log"] = p.log.String()
	mu.Lock()
	defer mu.Unlock()
	seen["what is sent on"] = sent.String()
	for where, text := range seen {
		if at := strings.Index(text, "CANARY"); at >= 0 {
			t.Errorf("%s tells …%s…", where, text[max(0, at-60):min(len(text), at+30)])
		}
	}
	if !strings.Contains(sent.String(), `"event_type":"raw"`) || !strings.Contains(sent.String(), "prod") || !strings.Contains(seen["JSON of "+ids[0]], "***") {
		t.Error("what is not private is not there either")
	}
}

// awaitFinal waits until every delivery of an event has ended.
func (p *process) awaitFinal(t *testing.T, id string) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var d journal.Detail
		if err := p.ask(http.MethodGet, "/api/events/"+id, &d); err != nil {
			t.Fatal(err)
		}
		ended := len(d.Deliveries) > 0
		for _, one := range d.Deliveries {
			ended = ended && one.State.Final()
		}
		if ended {
			return
		}
	}
	t.Fatalf("waited for 60 s: event %s has an end", id)
}

// see returns what the admin listener shows.
func (p *process) see(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.admin+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", path, resp.StatusCode, err)
	}
	return string(text)
}
