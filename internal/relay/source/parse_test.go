package source_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

// The forms say the same as JSON.
func TestFormsAgree(t *testing.T) {
	t.Parallel()
	s := open(t, source.BetterBugs)
	want, err := s.Parse(message(t, source.BetterBugs, "report", services.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"urlencoded", "multipart"} {
		got, err := s.Parse(message(t, source.BetterBugs, "report", services.Options{Form: form}))
		if err != nil || string(show(t, got)) != string(show(t, want)) {
			t.Errorf("%s: %v\n%s", form, err, show(t, got))
		}
	}
	g := open(t, source.GitHub)
	r := message(t, source.GitHub, "deployment_status", services.Options{Form: "urlencoded", Secret: key})
	if err := g.Verify(r); err != nil {
		t.Errorf("signature over the raw form: %v", err)
	}
	if e, err := g.Parse(r); err != nil || e.Status != event.StatusSuccess {
		t.Errorf("Parse() = %v, %v", e.Status, err)
	}
}

// What a person wrote into a form stays text, even if it looks like JSON.
func TestFormTextStaysText(t *testing.T) {
	t.Parallel()
	body := url.Values{"bugId": {"1"}, "title": {"[1]"}, "description": {`{"error": "cart"}`}, "customFields": {"not JSON"}}.Encode()
	e, err := open(t, source.BetterBugs).Parse(source.Request{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(body), Received: received()})
	if err != nil || e.Title != "[1]" || e.Description != `{"error": "cart"}` {
		t.Errorf("title %q, description %q, %v", e.Title, e.Description, err)
	}
}

// A source fills in what its service does not tell, and nothing else.
func TestParseFills(t *testing.T) {
	t.Parallel()
	c := source.Config{
		Name: "ios", Verify: source.Verification{None: true},
		Repository: "acme/ios", Environment: "staging", EnvironmentURL: "https://staging.example.com",
	}
	c.Service = source.Bitrise
	e, err := openWith(t, c).Parse(message(t, source.Bitrise, "build/finished", services.Options{}))
	if err != nil || e.Repository != "acme/ios" || e.Environment != "staging" || e.EnvironmentURL != "https://staging.example.com" || e.Source != "ios" {
		t.Errorf("Parse() = %+v, %v", e, err)
	}
	c.Service = source.GitHub
	e, err = openWith(t, c).Parse(message(t, source.GitHub, "deployment_status", services.Options{}))
	if err != nil || e.Repository != "acme/web" || e.Environment != "production" {
		t.Errorf("Parse() = %+v, %v", e, err)
	}
}

// Every word of GitHub's and Vercel's that is known, and no other word is good.
func TestParseStates(t *testing.T) {
	t.Parallel()
	s := openWith(t, source.Config{Name: "x", Service: source.GitHub, Verify: source.Verification{None: true}})
	read := func(name, body string) event.Status {
		e, err := s.Parse(source.Request{Header: http.Header{"X-Github-Event": {name}}, Body: []byte(body), Received: received()})
		if err != nil {
			t.Error(err)
		}
		return e.Status
	}
	for word, want := range map[string]event.Status{
		"success": event.StatusSuccess, "SUCCESS": event.StatusSuccess,
		"failure": event.StatusFailure, "error": event.StatusFailure, "startup_failure": event.StatusFailure, "action_required": event.StatusFailure,
		"timed_out": event.StatusTimedOut,
		"cancelled": event.StatusCancelled, "inactive": event.StatusCancelled, "skipped": event.StatusCancelled, "neutral": event.StatusCancelled, "stale": event.StatusCancelled,
		"queued": event.StatusPending, "in_progress": event.StatusPending, "waiting": event.StatusPending, "requested": event.StatusPending, "pending": event.StatusPending,
		"": event.StatusUnknown, "succes": event.StatusUnknown, "ok": event.StatusUnknown, "completed": event.StatusUnknown, "true": event.StatusUnknown,
	} {
		if got := read("deployment_status", `{"deployment_status": {"state": "`+word+`"}}`); got != want {
			t.Errorf("state %q is %q, want %q", word, got, want)
		}
		if got := read("workflow_run", `{"workflow_run": {"status": "`+word+`"}}`); got != want {
			t.Errorf("status %q is %q, want %q", word, got, want)
		}
	}
	for word, want := range map[string]event.Status{
		"success": event.StatusSuccess, "promoted": event.StatusSuccess, "ready": event.StatusPending, "pending": event.StatusPending,
		"error": event.StatusFailure, "failed": event.StatusFailure, "canceled": event.StatusCancelled, "ignored": event.StatusCancelled, "skipped": event.StatusCancelled, "new": event.StatusUnknown,
	} {
		if got := read("repository_dispatch", `{"action": "vercel.deployment.`+word+`", "client_payload": {}}`); got != want {
			t.Errorf("Vercel's %q is %q, want %q", word, got, want)
		}
	}
}

// The application's address is never a log's or a dashboard's.
func TestParseDeployedURL(t *testing.T) {
	t.Parallel()
	s := openWith(t, source.Config{Name: "x", Service: source.GitHub, Verify: source.Verification{None: true}})
	for status, want := range map[string]string{
		`"environment_url": "https://app.example.com"`:                                  "https://app.example.com",
		`"environment_url": "", "target_url": "https://app.example.com"`:                "https://app.example.com",
		`"target_url": "https://log.example.com", "log_url": "https://log.example.com"`: "",
		`"target_url": "https://github.com/acme/web/actions/runs/1"`:                    "",
		`"target_url": "https://github.example.com/acme/web/actions/runs/1"`:            "",
		`"target_url": "https://vercel.com/acme/web/abc"`:                               "",
		`"environment_url": "javascript:alert(1)"`:                                      "",
		`"environment_url": "https://user:pass@app.example.com/"`:                       "https://app.example.com/",
		`"environment_url": {"a": 1}, "target_url": null`:                               "",
	} {
		body := `{"deployment_status": {"state": "success", ` + status + `}}`
		e, err := s.Parse(source.Request{Header: http.Header{"X-Github-Event": {"deployment_status"}}, Body: []byte(body), Received: received()})
		if err != nil || e.EnvironmentURL != want {
			t.Errorf("%s: %q, want %q; %v", status, e.EnvironmentURL, want, err)
		}
	}
}

// Forms that are broken, or too large to come from a form, are errors.
func TestParseOddForms(t *testing.T) {
	t.Parallel()
	s := open(t, source.BetterBugs)
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded":   "a=%zz",
		"application/x-www-form-urlencoded; ": strings.Repeat("a=1&", 6000),
		"multipart/form-data":                 "--x--",
		"multipart/form-data; boundary=x":     "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1",
		"multipart/form-data; boundary=y":     strings.Repeat("--y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n", 6000) + "--y--",
	} {
		e, err := s.Parse(source.Request{Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body), Received: received()})
		if err == nil || e.Kind != event.KindOther {
			t.Errorf("%s: kind %q, %v", contentType, e.Kind, err)
		}
	}
}

// A body that is no JSON object gives an event all the same, and an error that
// does not quote it.
func TestParseOddBodies(t *testing.T) {
	t.Parallel()
	for _, service := range source.Services() {
		for _, body := range []string{"secret text", "[1]", `"text"`, "7", `{"a":1}{"b":2}`, `{"email":"x"`, "\xff\xfe"} {
			r := source.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body), Received: received()}
			e, err := open(t, service).Parse(r)
			if err == nil || e.Kind != event.KindOther || e.Raw != nil || e.Source != service {
				t.Errorf("%s %q: %+v, %v", service, body, e, err)
			}
			if err != nil && strings.Contains(err.Error(), body) {
				t.Errorf("%s: error quotes the body: %v", service, err)
			}
		}
		r := source.Request{Header: http.Header{}, Body: []byte("\ufeff{\"x\": 1}"), Received: received()}
		if _, err := open(t, service).Parse(r); err != nil {
			t.Errorf("%s: a byte order mark: %v", service, err)
		}
	}
}

// Private values appear nowhere in an event, wherever else the payload repeats
// them.
func TestParsePrivate(t *testing.T) {
	t.Parallel()
	const canary = "CANARY-4711"
	for service, body := range map[string]string{
		source.Gleap: `{"action":"BUG_CREATED","data":{"id":"1","secretShareToken":"CANARY-4711","shareToken":"CANARY-4711a",
			"description":"see https://app.gleap.io/share/CANARY-4711","screenshotUrl":"https://x.example.com/?t=CANARY-4711",
			"session":{"email":"CANARY-4711@example.com","phone":"CANARY-4711"},"consoleLog":[{"log":"CANARY-4711"}],
			"networkLogs":{"a":["CANARY-4711"]},"reportedBy":"CANARY-4711@example.com","CANARY-4711":"a key"}}`,
		source.BetterBugs: `{"bugId":"1","title":"by CANARY-4711@example.com","assignees":[{"email":"CANARY-4711@example.com","name":"q"}],
			"customFields":{"routing_token":"CANARY-4711"},"description":"<p>CANARY-4711@example.com</p>"}`,
		source.Currents: `{"event":"RUN_FINISH","runUrl":"https://x/run/1","commit":{"authorEmail":"CANARY-4711@example.com",
			"message":"by CANARY-4711@example.com","remoteOrigin":"https://CANARY-4711:CANARY-4711@github.com/a/b"}}`,
		source.GitHub:  `{"pusher":{"email":"CANARY-4711@example.com"},"head_commit":{"author":{"email":"CANARY-4711@example.com","name":"CANARY-4711@example.com"}}}`,
		source.Bitrise: `{"build_slug":"1","git":{"src_branch":"b"},"api_token":"CANARY-4711"}`,
	} {
		e, err := open(t, service).Parse(source.Request{Header: http.Header{"X-Github-Event": {"push"}}, Body: []byte(body), Received: received()})
		if err != nil {
			t.Errorf("%s: %v", service, err)
		}
		text, err := json.Marshal(e)
		if err != nil || strings.Contains(string(text), canary) {
			t.Errorf("%s: %v: %s", service, err, text)
		}
	}
}

// Whatever a field that people name is called: if it is a token or a key by its
// name, it is private.
func TestParsePrivateNames(t *testing.T) {
	t.Parallel()
	const canary = "CANARY-4711"
	for _, name := range []string{
		"secretKey", "access_tokens", "private-key", "passwd", "Passphrase", "clientSecretValue", "session token", "api-keys", "auth", "Authorization", "jwt", "credentials",
	} {
		for _, form := range []string{
			`{"bugId":"1","title":"t","customFields":{%[1]q:%[2]q}}`,
			`{"bugId":"1","title":"t","customFields":{%[1]q:{"a":[%[2]q]}}}`,
			`{"bugId":"1","title":"t","metadata":[{"title":%[1]q,"value":%[2]q}]}`,
		} {
			body := fmt.Sprintf(form, name, canary)
			e, err := open(t, source.BetterBugs).Parse(source.Request{Header: http.Header{}, Body: []byte(body), Received: received()})
			if err != nil {
				t.Fatal(err)
			}
			if text, err := json.Marshal(e); err != nil || strings.Contains(string(text), canary) {
				t.Errorf("%s: %v: %s", body, err, text)
			}
		}
	}
}

// FuzzVerify: exactly the bytes that were signed are accepted.
func FuzzVerify(f *testing.F) {
	f.Add([]byte(`{"a":1}`), []byte(`{"a":1}`), "sha256=00")
	f.Add([]byte(""), []byte("x"), "sha1=00")
	f.Fuzz(func(t *testing.T, signed, sent []byte, forged string) {
		for _, service := range []string{source.GitHub, source.Bitrise} {
			s := open(t, service)
			header := http.Header{}
			name := map[string]string{source.GitHub: "X-Hub-Signature-256", source.Bitrise: "Bitrise-Hook-Signature"}[service]
			header.Set(name, sign(signed, key))
			if err := s.Verify(source.Request{Header: header, Body: sent}); (err == nil) != bytes.Equal(signed, sent) {
				t.Errorf("%s: Verify() = %v for %q signed, %q sent", service, err, signed, sent)
			}
			header.Set(name, forged)
			if err := s.Verify(source.Request{Header: header, Body: sent}); err == nil && !strings.EqualFold(forged, sign(sent, key)) {
				t.Errorf("%s: accepted %q", service, forged)
			}
		}
	})
}

// FuzzParse: whatever arrives gives an event that can be kept, is one line where
// one line is expected, leads nowhere but to the web, and is a success only
// where the service says so.
func FuzzParse(f *testing.F) {
	for _, service := range services.Names() {
		for _, name := range services.Events(service) {
			m, err := services.Make(service, name, services.Options{})
			if err != nil {
				f.Fatal(err)
			}
			f.Add(service, name, m.Header.Get("Content-Type"), m.Body)
		}
	}
	f.Add("betterbugs", "", "application/x-www-form-urlencoded", []byte("bugId=1&a[]=1&a[b]=2&a=3&[]=4&.=5&%5B=6"))
	f.Add("betterbugs", "", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"bugId\"\r\n\r\n1\r\n--x--\r\n"))
	f.Fuzz(func(t *testing.T, service, name, contentType string, body []byte) {
		s, err := source.New(source.Config{Name: "x", Service: service, Verify: source.Verification{None: true}})
		if err != nil {
			t.Skip()
		}
		name, _, _ = strings.Cut(name, ":")
		r := source.Request{Header: http.Header{"X-Github-Event": {name}, "Bitrise-Event-Type": {name}, "Content-Type": {contentType}}, Body: body, Received: received()}
		e, parseErr := s.Parse(r)
		if _, err := json.Marshal(e); err != nil {
			t.Errorf("event cannot be kept: %v", err)
		}
		if again, _ := s.Parse(r); string(show(t, again)) != string(show(t, e)) {
			t.Error("a second reading gives another event")
		}
		if first, second := s.Key(r), s.Key(r); first != second {
			t.Errorf("a second reading gives another key: %q and %q", first, second)
		}
		checkSafe(t, e)
		if e.Status == event.StatusSuccess && (parseErr != nil || !saysSuccess(service, name, body, contentType)) {
			t.Errorf("success of %s %q: %s", service, name, body)
		}
	})
}

func checkSafe(t *testing.T, e event.Event) {
	t.Helper()
	for _, text := range []string{e.Name, e.State, e.Subject, e.Title, e.Branch, e.Tag, e.Environment, e.Workflow, e.Priority, e.Sender, e.Context} {
		if strings.ContainsAny(text, "\n\r\x00\x1b\u202e") {
			t.Errorf("not one line: %q", text)
		}
	}
	if strings.Contains(e.Description, "<!--") {
		t.Errorf("description hides a comment: %q", e.Description)
	}
	addresses := []string{e.URL}
	for _, link := range e.Links {
		addresses = append(addresses, link.URL)
	}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || address != "" && (u.Scheme != "http" && u.Scheme != "https" || u.User != nil) {
			t.Errorf("leads to %q", address)
		}
	}
}

// saysSuccess reports whether the service's own words for a success are in the
// body at all.
func saysSuccess(service, name string, body []byte, contentType string) bool {
	if strings.HasPrefix(strings.ToLower(contentType), "application/x-www") || strings.HasPrefix(strings.ToLower(contentType), "multipart") {
		return true // encoded; the JSON cases cover the reading
	}
	fold := strings.ToLower(unescaped(body))
	switch service {
	case source.Bitrise:
		return strings.Contains(fold, "1") && name != "build/triggered"
	case source.Currents:
		return strings.Contains(fold, "run_finish") && !strings.Contains(fold, "run_timeout")
	case source.GitHub:
		return strings.Contains(fold, "success") || strings.Contains(fold, "promoted")
	}
	return false
}

// unescaped is JSON with its \u escapes read.
func unescaped(body []byte) string {
	var value any
	if json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &value) != nil {
		return string(body)
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return b.String()
}

// FuzzPrivate plants a secret under every private key of a payload and looks
// for it in everything that comes out.
func FuzzPrivate(f *testing.F) {
	f.Add("shareToken", "before", "after")
	f.Add("authorEmail", "https://", "@github.com/a/b")
	f.Fuzz(func(t *testing.T, private, before, after string) {
		const canary = "CANARY4711"
		for _, service := range source.Services() {
			for _, name := range []string{"secretShareToken", "email", "authorEmail", "consoleLog", "networkLogs", private + "_token"} {
				words := before + canary + after
				inner := map[string]any{
					name: words, "id": "1", "description": words, "title": words, "tags": []string{words},
					"customFields": map[string]string{"a": words}, "metaData": map[string]string{"a": words},
				}
				if name == "consoleLog" || name == "networkLogs" {
					inner = map[string]any{name: []any{words, map[string]string{"a": words}}, "id": "1"}
				}
				body, err := json.Marshal(map[string]any{"data": inner, "commit": inner, "bugId": "1", name: words})
				if err != nil || len(words) > 500 {
					t.Skip()
				}
				e, _ := open(t, service).Parse(source.Request{Header: http.Header{"X-Github-Event": {"push"}}, Body: body, Received: received()})
				text, err := json.Marshal(e)
				if err != nil || strings.Contains(string(text), canary) {
					t.Errorf("%s: %s: %v: %s", service, name, err, text)
				}
			}
		}
	})
}
