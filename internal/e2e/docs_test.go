//go:build e2e

package e2e_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	webhooks "github.com/afterdeploy/afterdeploy/internal/sandbox/services"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// paste makes workflow.yml of the first YAML block below a heading of a
// document, as a user would:
//
//	paste docs/DOCUMENT.md HEADING
//
// $PERMISSIONS becomes what its jobs may do, "checks: read, statuses: read".
func paste(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: paste docs/document.md heading")
	}
	// act names it.
	text := regexp.MustCompile(`\Aname: .*\n`).ReplaceAllString(pasted(ts, args[0], args[1]), "")
	ts.Check(os.WriteFile(ts.MkAbs("workflow.yml"), []byte(text), 0o600))
	permissions := strings.TrimSpace(first(text, `(?m)^    permissions:\n((?:      \S+: \w+\n)+)`))
	ts.Setenv("PERMISSIONS", regexp.MustCompile(`\n +`).ReplaceAllString(permissions, ", "))
}

// pasted returns the first YAML block below a heading.
func pasted(ts *testscript.TestScript, document, heading string) string {
	text, err := os.ReadFile("../../" + document)
	ts.Check(err)
	_, below, found := strings.Cut(string(text), "# "+heading+"\n")
	block := first(below, "(?s)```yaml\n(.*?\n)```")
	if !found || block == "" {
		ts.Fatalf("%s has no YAML below %q", document, heading)
	}
	return block
}

// dispatch writes the event that GitHub makes of what the relay sends for a
// message of a service, by the rules in docs/reactions.md:
//
//	dispatch EVENT.json SOURCE MESSAGE [BRANCH]
func dispatch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: dispatch event.json source message [branch]")
	}
	const proof = "correct horse battery staple"
	file, err := rule.Load([]byte(pasted(ts, "docs/reactions.md", "The relay's rules")), func(string) (secret.String, error) {
		return secret.New(proof), nil
	})
	ts.Check(err)
	sent := webhooks.Options{Secret: proof, Repository: "acme/shop", Branch: strings.Join(args[3:], "")}
	action := decided(ts, file, args[1], args[2], sent)
	text, err := json.MarshalIndent(map[string]any{
		"action": action.Dispatch.EventType, "branch": "main", "client_payload": action.Dispatch.ClientPayload,
		"repository": map[string]any{"full_name": action.Repository, "default_branch": "main"},
		"sender":     map[string]any{"login": "acme-relay[bot]", "type": "Bot"},
	}, "", "  ")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
}

// decided is what the rules say to a message.
func decided(ts *testscript.TestScript, file *rule.File, name, what string, sent webhooks.Options) rule.Action {
	for _, config := range file.Sources {
		if config.Name != name {
			continue
		}
		s, err := source.New(config)
		ts.Check(err)
		message, err := webhooks.Make(config.Service, what, sent)
		ts.Check(err)
		request := source.Request{Method: message.Method, Header: message.Header, Body: message.Body, Received: time.Now()}
		ts.Check(s.Verify(request))
		event, err := s.Parse(request)
		ts.Check(err)
		event.ID = "1"
		actions := file.Match(event)
		if len(actions) != 1 || actions[0].Dispatch == nil || actions[0].Problem != "" {
			ts.Fatalf("the rules make %+v of %s, want one dispatch", actions, what)
		}
		return actions[0]
	}
	ts.Fatalf("no source %q", name)
	return rule.Action{}
}
