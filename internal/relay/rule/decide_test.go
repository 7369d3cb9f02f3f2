package rule_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/golden"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

// received is a fixed time.
func received() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// arrived plays an event of a service at a configured source.
func arrived(t testing.TB, f *rule.File, name, what string, o services.Options) event.Event {
	t.Helper()
	for _, c := range f.Sources {
		if c.Name != name {
			continue
		}
		s, err := source.New(c)
		if err != nil {
			t.Fatal(err)
		}
		m, err := services.Make(c.Service, what, o)
		if err != nil {
			t.Fatal(err)
		}
		e, err := s.Parse(source.Request{Method: m.Method, Header: m.Header, Body: m.Body, Received: received()})
		if err != nil {
			t.Fatal(err)
		}
		e.ID = "event-1"
		e.Unverified = false
		return e
	}
	t.Fatalf("no source %q", name)
	return event.Event{}
}

// TestDecideExample keeps what the example file makes of every event of every
// service.
func TestDecideExample(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../docs/examples/relay.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f := load(t, string(data))
	for _, c := range f.Sources {
		for _, what := range services.Events(c.Service) {
			t.Run(c.Name+"/"+what, func(t *testing.T) {
				t.Parallel()
				e := arrived(t, f, c.Name, what, services.Options{})
				if c.Service == source.Bitrise {
					e.Commit = "6dcb09b5b57875f334f61aebed695e2e4193db5e" // as the API would tell
				}
				decisions := map[string]any{}
				for _, d := range f.Decide(e) {
					if d.Action != nil {
						decisions[d.Rule] = d.Action
					} else {
						decisions[d.Rule] = d.Reason
					}
				}
				asJSON(t, filepath.Join("testdata", "decisions", c.Name+"_"+strings.NewReplacer("/", "_", ":", "_").Replace(what)+".json"), decisions)
			})
		}
	}
}

// What a service sends, a rule can be for: check never calls it impossible.
func TestRepertoire(t *testing.T) {
	t.Parallel()
	for _, service := range services.Names() {
		sources := "sources:\n  s: {service: " + service + ", verify: none, repository: acme/web}\n"
		targets := "targets:\n  hub: {service: github, token: env:T, repositories: [acme/web]}\n"
		for _, what := range services.Events(service) {
			e := arrived(t, load(t, sources+targets+"rules: []\n"), "s", what, services.Options{})
			f, err := rule.Load([]byte(sources+targets+"rules:\n  - {name: x, source: s, kind: "+string(e.Kind)+", status: "+string(e.Status)+", do: dispatch, to: hub}\n"), lookup)
			if err != nil {
				t.Errorf("%s %s: %v", service, what, err)
				continue
			}
			one(t, f, e)
		}
	}
}

func asJSON(t *testing.T, file string, value any) {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	golden.File(t, file, b.Bytes())
}

const head = `
sources:
  hooks: {service: github, verify: none}
  e2e: {service: currents, verify: none}
  bugs: {service: betterbugs, verify: none}
targets:
  tests: {service: bugster, api-key: env:K, organization-id: o, project-id: p, repositories: [acme/*]}
  hub: {service: github, token: env:T, repositories: [acme/web, acme/api]}
own:
  senders: ["relay[bot]"]
rules:
`

// one returns the only action of an event.
func one(t *testing.T, f *rule.File, e event.Event) rule.Action {
	t.Helper()
	actions := f.Match(e)
	if len(actions) != 1 {
		t.Fatalf("%d actions, want 1: %+v", len(actions), f.Decide(e))
	}
	return actions[0]
}

func run(group string, status event.Status) event.Event {
	return event.Event{
		ID: "1", Source: "e2e", Service: source.Currents, Kind: event.KindRun, Name: "RUN_FINISH", Status: status, Title: "a run",
		Repository: "acme/web", Commit: strings.Repeat("ab", 20), Branch: "main", Subject: "r/" + group, Fields: map[string]string{"group": group},
	}
}

// Only a success is green, for every status there is.
func TestOnlySuccessIsGreen(t *testing.T) {
	t.Parallel()
	f := load(t, head+`
  - {name: status, source: e2e, do: status, to: hub}
  - {name: dispatch, source: e2e, do: dispatch, to: hub}
  - {name: tests, source: e2e, status: [pending, success, failure, cancelled, timed_out, unknown], to: tests, with: {environment-url: "https://a.example.com"}}
`)
	for _, status := range append(event.Statuses(), "something new") {
		for _, a := range f.Match(run("", status)) {
			var said string
			switch a.Do {
			case rule.Status:
				said = a.Commit.State
			case rule.Dispatch:
				said, _ = a.Dispatch.ClientPayload["deployment"].(map[string]any)["state"].(string)
			case rule.Trigger:
				said = a.Trigger.State
			}
			if (said == string(deploy.Success)) != (status == event.StatusSuccess) {
				t.Errorf("%s of %q says %q", a.Do, status, said)
			}
		}
	}
}

// A green group must not paint over a red one.
func TestGroupsHaveContextsOfTheirOwn(t *testing.T) {
	t.Parallel()
	f := load(t, head+"  - {name: status, source: e2e, do: status, to: hub}\n")
	red, green := one(t, f, run("firefox", event.StatusFailure)), one(t, f, run("chromium", event.StatusSuccess))
	if red.Commit.Context == green.Commit.Context || red.OrderKey == green.OrderKey {
		t.Errorf("both write to %q", red.Commit.Context)
	}
	later := one(t, f, run("firefox", event.StatusSuccess))
	if later.OrderKey != red.OrderKey {
		t.Errorf("order keys of one status differ: %q and %q", later.OrderKey, red.OrderKey)
	}
}

func TestIgnores(t *testing.T) {
	t.Parallel()
	f := load(t, head+"  - {name: all, do: dispatch, to: hub, with: {repository: acme/web}}\n")
	own := arrived(t, f, "hooks", "status", services.Options{})
	own.Context = "afterdeploy/e2e/firefox"
	sent := arrived(t, f, "hooks", "pull_request", services.Options{})
	sent.Sender = "Relay[bot]"
	dispatched := arrived(t, f, "hooks", "repository_dispatch", services.Options{})
	dispatched.Fields["delivery_id"] = "x"
	unverified := arrived(t, f, "bugs", "report", services.Options{})
	unverified.Unverified = true
	for want, events := range map[string][]event.Event{
		"own":        {own, sent, dispatched},
		"unverified": {unverified},
		"":           {arrived(t, f, "hooks", "status", services.Options{}), arrived(t, f, "hooks", "repository_dispatch", services.Options{})},
	} {
		for _, e := range events {
			if got := f.Ignores(e); got != want || (len(f.Match(e)) == 0) != (want != "") {
				t.Errorf("%s: Ignores() = %q, want %q; %d actions", e.Name, got, want, len(f.Match(e)))
			}
		}
	}
}

// What a rule writes comes back from GitHub, and no rule answers it, whatever
// its context is called and whatever else is listed as the relay's own.
func TestOwnStatusesAreNotAnswered(t *testing.T) {
	t.Parallel()
	const rules = `
  - {name: default, source: hooks, kind: check, do: status, to: hub}
  - {name: fixed, source: hooks, kind: check, do: status, to: hub, with: {context: "mirror [all]"}}
  - {name: made, source: hooks, kind: check, do: status, to: hub, with: {context: "copy/${context}"}}
`
	for _, own := range []string{"own:", "own:\n  contexts: [elsewhere]"} {
		f := load(t, strings.Replace(head, "own:", own, 1)+rules)
		e := arrived(t, f, "hooks", "status", services.Options{})
		actions := f.Match(e)
		if len(actions) != 3 {
			t.Fatalf("%d actions, want 3", len(actions))
		}
		for _, a := range actions {
			e.Context = a.Commit.Context
			if got := f.Ignores(e); got != "own" {
				t.Errorf("%s: %s is %q, want own", a.Rule, e.Context, got)
			}
		}
	}
}

// A payload never chooses where our token writes.
func TestRepositoryIsListed(t *testing.T) {
	t.Parallel()
	f := load(t, head+"  - {name: status, source: e2e, do: status, to: hub}\n")
	e := run("", event.StatusSuccess)
	for repository, want := range map[string]bool{
		"acme/web": true, "ACME/Web": true, "acme/api": true,
		"acme/webs": false, "evil/web": false, "acme/web/../x": false, "": false, "acme/*": false,
	} {
		e.Repository = repository
		if got := len(f.Match(e)) == 1; got != want {
			t.Errorf("repository %q: matched %v, want %v", repository, got, want)
		}
	}
	f = load(t, head+"  - {name: tests, source: hooks, kind: deployment, to: tests}\n")
	e = arrived(t, f, "hooks", "deployment_status", services.Options{Repository: "acme/anything"})
	if len(f.Match(e)) != 1 {
		t.Error("acme/* does not list acme/anything")
	}
}

// The test service opens pull requests of its own; testing those would go in a
// circle.
func TestNoTestsOfTheTestersBranches(t *testing.T) {
	t.Parallel()
	f := load(t, head+"  - {name: tests, source: hooks, kind: deployment, to: tests}\n")
	if e := arrived(t, f, "hooks", "deployment_status", services.Options{Branch: "bugster/tests/main"}); len(f.Match(e)) != 0 {
		t.Error("a branch of the test service was triggered")
	}
}

// An action that lacks something is there, with its problem, and never half
// done.
func TestProblems(t *testing.T) {
	t.Parallel()
	f := load(t, head+`
  - {name: status, source: e2e, do: status, to: hub}
  - {name: tests, source: hooks, kind: deployment, to: tests}
  - {name: big, source: bugs, do: dispatch, to: hub, with: {repository: acme/web, client-payload: {text: "${title}"}}}
`)
	short := run("", event.StatusSuccess)
	short.Commit = "abcdef1"
	if a := one(t, f, short); !strings.Contains(a.Problem, `commit "abcdef1"`) {
		t.Errorf("problem %q", a.Problem)
	}
	nowhere := arrived(t, f, "hooks", "deployment_status", services.Options{})
	nowhere.EnvironmentURL, nowhere.Commit, nowhere.Branch = "", "", ""
	if a := one(t, f, nowhere); !strings.Contains(a.Problem, "no environment URL") || !strings.Contains(a.Problem, "no commit or branch") {
		t.Errorf("problem %q", a.Problem)
	}
	nowhere.EnvironmentURL, nowhere.Branch = "javascript:alert(1)", "main"
	if a := one(t, f, nowhere); !strings.Contains(a.Problem, "environment URL") {
		t.Errorf("problem %q", a.Problem)
	}
	big := arrived(t, f, "bugs", "report", services.Options{})
	big.Title = strings.Repeat("x", 70_000)
	if a := one(t, f, big); !strings.Contains(a.Problem, "want 65535 at most") {
		t.Errorf("problem %q", a.Problem)
	}
}

// The commit wins over the branch, what the rule says over both, and there is
// never more than one.
func TestTriggerRef(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("ab", 20)
	for name, tt := range map[string]struct {
		with, commit, branch   string
		wantCommit, wantBranch string
	}{
		"commit":        {"", sha, "main", sha, ""},
		"branch":        {"", "", "main", "", "main"},
		"rule's branch": {"branch: release", sha, "main", "", "release"},
		"rule's commit": {"commit: abcdef1", sha, "main", "abcdef1", ""},
		"rule's none":   {`branch: "${tag}"`, sha, "main", sha, ""},
	} {
		f := load(t, head+"  - {name: tests, source: hooks, kind: deployment, to: tests, with: {"+tt.with+"}}\n")
		e := arrived(t, f, "hooks", "deployment_status", services.Options{})
		e.Commit, e.Branch = tt.commit, tt.branch
		if a := one(t, f, e); a.Trigger.Commit != tt.wantCommit || a.Trigger.Branch != tt.wantBranch || a.Problem != "" {
			t.Errorf("%s: %+v %s", name, a.Trigger, a.Problem)
		}
	}
}

// The service hears the words that the action would send.
func TestTriggerEnvironment(t *testing.T) {
	t.Parallel()
	f := load(t, head+"  - {name: tests, source: hooks, kind: deployment, to: tests}\n")
	e := arrived(t, f, "hooks", "deployment_status", services.Options{})
	e.Environment = "Preview – web"
	if got := one(t, f, e).Trigger.Environment; got != "preview" {
		t.Errorf("environment %q, want preview", got)
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"plain":                         "plain",
		"${kind}":                       "run",
		"a ${kind} of ${branch}":        "a run of main",
		"$${kind}":                      "${kind}",
		"${counts.failed}":              2.0,
		"failed: ${counts.failed}":      "failed: 2",
		`${{"a": {"b": 1}}}`:            map[string]any{"a": map[string]any{"b": 1.0}},
		`${"}"}`:                        "}",
		"${fields.group}":               "g",
		"${fields.none}":                "",
		`${fields["group"]}`:            "g",
		"${raw?.x}":                     3.0,
		"x ${raw?.y} y":                 "x  y",
		`${raw.x > 2 ? "many" : "few"}`: "many",
		"${people}":                     []any{},
		"ends with $":                   "ends with $",
	} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		f := load(t, head+"  - {name: d, source: e2e, do: dispatch, to: hub, with: {client-payload: {x: "+string(quoted)+"}}}\n")
		e := run("g", event.StatusFailure)
		e.Counts.Failed, e.Raw, e.People = 2, json.RawMessage(`{"x": 3}`), []event.Person{}
		a := one(t, f, e)
		sent, err := json.Marshal(a.Dispatch.ClientPayload["x"])
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(sent, &got); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s = %#v, want %#v; %s", text, got, want, a.Problem)
		}
	}
}

// FuzzTemplate: text is text, once its ${ is written as $${.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"plain", "${kind}", "$", "$$", "$${", "${", "a ${b} }{ \"'`", "ä\n\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := json.Marshal(strings.ReplaceAll(text, "${", "$${"))
		if err != nil || !utf8.ValidString(text) {
			t.Skip()
		}
		file, err := rule.Load([]byte(head+"  - {name: d, source: e2e, do: dispatch, to: hub, with: {client-payload: {x: "+string(quoted)+"}}}\n"), lookup)
		if err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		if got := file.Match(run("", event.StatusFailure))[0].Dispatch.ClientPayload["x"]; got != text {
			t.Errorf("%s gives %q, want %q", quoted, got, text)
		}
	})
}

// Templates work inside lists and mappings of a payload too, and other values
// stay as they are.
func TestPayload(t *testing.T) {
	t.Parallel()
	f := load(t, head+`
  - name: d
    source: e2e
    do: dispatch
    to: hub
    with:
      event-type: run ${status}
      client-payload:
        list: ["${kind}", 1, 1.5, true, null, {a: "${counts}"}]
        text: |
          ${title}: ${branch}
          ${links}
`)
	e := run("g", event.StatusFailure)
	e.Counts.Failed, e.Links = 2, []event.Link{{Title: "Run", URL: "https://a.example.com"}}
	a := one(t, f, e)
	sent, err := json.Marshal(a.Dispatch.ClientPayload)
	if err != nil || a.Problem != "" || a.Dispatch.EventType != "run failure" {
		t.Fatalf("%+v, %v", a, err)
	}
	for _, want := range []string{
		`["run",1,1.5,true,null,{"a":{"overall":0,"passed":0,"failed":2,`,
		`"text":"a run: main\n[{\"title\":\"Run\",\"url\":\"https://a.example.com\"}]\n"`,
	} {
		if !strings.Contains(string(sent), want) {
			t.Errorf("payload %s lacks %s", sent, want)
		}
	}
}

// A template that fails for an event is the delivery's problem.
func TestTemplateFails(t *testing.T) {
	t.Parallel()
	for do, with := range map[string]string{
		"dispatch": `{client-payload: {a: ["${raw.a.b}"]}}`, "status": `{description: "${raw.a.b}"}`,
		"issue": `{labels: ["${raw.a.b}"]}`, "trigger": `{environment-url: "${raw.a.b}"}`,
	} {
		to := map[bool]string{true: "tests", false: "hub"}[do == "trigger"]
		f := load(t, head+"  - {name: d, source: e2e, do: "+do+", to: "+to+", with: "+with+"}\n")
		e := run("", event.StatusSuccess)
		e.Raw = json.RawMessage(`{"a": null}`)
		if a := one(t, f, e); !strings.Contains(a.Problem, "cannot fetch b") {
			t.Errorf("%s: problem %q", do, a.Problem)
		}
	}
	f := load(t, head+"  - {name: d, source: e2e, do: status, to: hub, with: {repository: \"${raw.a.b}\"}}\n")
	if d := f.Decide(run("", event.StatusSuccess))[0]; d.Action != nil || !strings.HasPrefix(d.Reason, "repository: ") {
		t.Errorf("Decide() = %+v", d)
	}
}

func TestStatusLimits(t *testing.T) {
	t.Parallel()
	f := load(t, head+`
  - {name: long, source: e2e, status: success, do: status, to: hub, with: {description: "${title}", context: "${title}"}}
  - {name: bad, source: e2e, status: failure, do: status, to: hub, with: {context: "${fields.none}"}}
  - {name: url, source: e2e, status: pending, do: status, to: hub, with: {url: "javascript:${title}"}}
`)
	e := run("", event.StatusSuccess)
	e.Title = strings.Repeat("ä", 300)
	if s := one(t, f, e).Commit; len([]rune(s.Description)) != 140 || len([]rune(s.Context)) != 255 {
		t.Errorf("%d and %d characters", len([]rune(s.Description)), len([]rune(s.Context)))
	}
	for status, want := range map[event.Status]string{event.StatusFailure: "context is empty", event.StatusPending: "url"} {
		e.Status = status
		if a := one(t, f, e); !strings.Contains(a.Problem, want) {
			t.Errorf("problem %q, want %q", a.Problem, want)
		}
	}
}

// An expression that fails for an event does not match it, and says why.
func TestWhenFails(t *testing.T) {
	t.Parallel()
	f := load(t, head+"  - {name: d, source: e2e, when: raw.a.b == 1, do: dispatch, to: hub}\n")
	e := run("", event.StatusFailure)
	e.Raw = json.RawMessage(`{"a": null}`)
	d := f.Decide(e)[0]
	if d.Action != nil || !strings.HasPrefix(d.Reason, "when: ") || strings.Contains(d.Reason, "\n") {
		t.Errorf("Decide() = %+v", d)
	}
	e.Raw = json.RawMessage(`{"a": {"b": 1}}`)
	one(t, f, e)
}

// An issue is known by its subject, and nothing in a report can pass for the
// marker by which it is found.
func TestIssueMarker(t *testing.T) {
	t.Parallel()
	f := load(t, head+`
  - {name: issue, source: bugs, kind: bug, do: issue, to: hub, with: {repository: acme/web, title: "${title}", body: "${description} ${title}"}}
  - {name: whole, source: bugs, kind: bug, do: issue, to: hub, with: {repository: acme/api}}
`)
	first := arrived(t, f, "bugs", "report", services.Options{})
	again := arrived(t, f, "bugs", "report", services.Options{Now: received().Add(time.Hour)})
	other := arrived(t, f, "bugs", "report", services.Options{Serial: 2})
	marker := f.Match(first)[0].Issue.Marker
	if f.Match(again)[0].Issue.Marker != marker || f.Match(other)[0].Issue.Marker == marker {
		t.Error("the marker does not follow the subject")
	}
	lone, alone := arrived(t, f, "bugs", "report", services.Options{}), arrived(t, f, "bugs", "report", services.Options{})
	lone.Subject, alone.Subject, alone.ID = "", "", "event-2"
	if f.Match(lone)[0].Issue.Marker == f.Match(alone)[0].Issue.Marker {
		t.Error("events without a subject share an issue")
	}
	other.Title, other.Description = marker+" @octocat | <b>", "x "+marker
	other.Fields["custom.team"] = marker
	for _, a := range f.Match(other) {
		if strings.Contains(a.Issue.Body, marker) || strings.Count(a.Issue.Body, "<!--") != 1 || !strings.HasSuffix(a.Issue.Body, a.Issue.Marker) {
			t.Errorf("%s: body %s", a.Rule, a.Issue.Body)
		}
	}
	other.Description = strings.Repeat("ä", 100_000)
	if body := f.Match(other)[0].Issue.Body; len([]rune(body)) > 65_536 || !strings.HasSuffix(body, "-->") {
		t.Errorf("body of %d characters", len([]rune(body)))
	}
}

// The same rule and event give the same delivery, whatever else the file holds.
func TestActionID(t *testing.T) {
	t.Parallel()
	f := load(t, head+"  - {name: a, source: e2e, do: status, to: hub}\n  - {name: b, source: e2e, do: dispatch, to: hub}\n")
	e := run("", event.StatusSuccess)
	actions := f.Match(e)
	if actions[0].ID == actions[1].ID || actions[0].ID != f.Match(e)[0].ID {
		t.Errorf("ids %q and %q", actions[0].ID, actions[1].ID)
	}
	if actions[1].Dispatch.ClientPayload["delivery_id"] != actions[1].ID {
		t.Error("the dispatch does not say which delivery it is")
	}
	text, err := json.Marshal(actions)
	if err != nil {
		t.Fatal(err)
	}
	var back []rule.Action
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(actions[0], back[0]); diff != "" {
		t.Errorf("kept and read back (-want +got):\n%s", diff)
	}
}
