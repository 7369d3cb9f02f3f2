package origin_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/origin"
)

// FuzzResolve holds for any bytes under any event's name what may never go
// wrong: the state, the commit, the address, and that everything has a reason.
func FuzzResolve(f *testing.F) {
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no events: %v", err)
	}
	for _, file := range files {
		payload, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range []string{"deployment_status", "pull_request", "workflow_run", "repository_dispatch", "push", "status"} {
			f.Add(name, payload, "")
		}
	}
	for name, template := range stateEvents() {
		f.Add(name, []byte(strings.Replace(template, "WORD", `"success"`, 1)), "cancelled")
	}
	f.Fuzz(func(t *testing.T, name string, payload []byte, state string) {
		env := environment("GITHUB_ACTIONS=true\nGITHUB_SHA=" + mergeCommit)
		getenv := func(key string) string {
			if key == "GITHUB_EVENT_NAME" {
				return name
			}
			return env(key)
		}
		given, _ := deploy.ParseState(state)
		r := origin.Resolve(getenv, payload, origin.Given{State: given})
		doc := document(payload)
		checkState(t, name, doc, given, r)
		checkRef(t, name, doc, r)
		checkURL(t, r.Deployment.URL)
		checkReported(t, name, r.Reported)
		checkReasons(t, r)
	})
}

// checkReported holds that a report comes from a dispatch, on one line each,
// with an address that can be opened.
func checkReported(t *testing.T, name string, said *origin.Reported) {
	t.Helper()
	if said == nil {
		return
	}
	if name != "repository_dispatch" || said.Kind == "" {
		t.Errorf("%s reports %+v", name, said)
	}
	for _, text := range []string{said.Service, said.Kind, said.Status, said.Subject, said.Title, said.URL, said.Commit, said.Branch} {
		if strings.ContainsAny(text, "\r\n") {
			t.Errorf("a report has the line break in %q", text)
		}
	}
	checkURL(t, said.URL)
}

// checkState holds that only a word that means success, in the place where the
// event has its state, is a success.
func checkState(t *testing.T, name string, doc any, given deploy.State, r origin.Resolution) {
	t.Helper()
	state := r.Deployment.State
	if given != "" {
		if state != given {
			t.Errorf("state %q, want the given %q", state, given)
		}
		return
	}
	if state == deploy.Success && !tellsNoState(name) && !slices.ContainsFunc(stateWords(name, doc), meansSuccess) {
		t.Errorf("%s is a success without saying so: %v", name, doc)
	}
	if state == "" && r.Stop == nil {
		t.Error("a run without a state goes on")
	}
}

// tellsNoState repeats, on purpose, which events describe no deployment.
func tellsNoState(name string) bool {
	return strings.HasPrefix(name, "pull_request") || slices.Contains([]string{
		"push", "create", "delete", "workflow_dispatch", "schedule", "release", "merge_group", "issue_comment",
		"branch_protection_rule", "discussion", "discussion_comment", "fork", "gollum", "image_version",
		"issues", "label", "milestone", "public", "registry_package", "watch",
	}, name)
}

func stateWords(name string, doc any) []string {
	switch name {
	case "deployment_status":
		return words(doc, "deployment_status.state")
	case "status":
		return words(doc, "state")
	case "workflow_run", "check_run", "check_suite":
		return words(doc, name+".conclusion")
	case "repository_dispatch":
		return words(doc, "action", "client_payload.state", "client_payload.state.type", "client_payload.deployment.state")
	}
	return nil
}

func meansSuccess(word string) bool {
	word = strings.TrimSpace(strings.ToLower(strings.TrimPrefix(word, "vercel.deployment.")))
	return word == "success" || word == "promoted"
}

// checkRef holds that at most one of commit and branch is sent, and that a
// pull request's merge commit, which GITHUB_SHA is, never is.
func checkRef(t *testing.T, name string, doc any, r origin.Resolution) {
	t.Helper()
	ref := r.Deployment.Ref
	if ref.Commit() != "" && ref.Branch() != "" {
		t.Errorf("both commit %q and branch %q", ref.Commit(), ref.Branch())
	}
	if deploy.IsFullSHA(ref.Branch()) {
		t.Errorf("commit %q is sent as a branch", ref.Branch())
	}
	if ref.IsZero() && r.Stop == nil {
		t.Error("a run without commit and branch goes on")
	}
	if strings.HasPrefix(name, "pull_request") && ref.Commit() == mergeCommit &&
		!slices.ContainsFunc(words(doc, "pull_request.head.sha"), func(sha string) bool { return strings.EqualFold(sha, mergeCommit) }) {
		t.Error("the merge commit is sent")
	}
}

func checkURL(t *testing.T, address string) {
	t.Helper()
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(address, " \t\r\n") {
		t.Errorf("URL %q is not one of a site", address)
	}
}

// checkReasons holds that each field has a reason, and that one says "none"
// exactly where there is no value.
func checkReasons(t *testing.T, r origin.Resolution) {
	t.Helper()
	for field, value := range fieldValues(r.Deployment) {
		if reason := r.Reasons[field]; reason == "" || strings.HasPrefix(reason, "none: ") != (value == "") {
			t.Errorf("%s is %q because of %q", field, value, reason)
		}
	}
}

// document decodes as the standard library does it, or gives nil.
func document(payload []byte) any {
	var doc any
	if json.Unmarshal(bytes.TrimPrefix(payload, []byte("\ufeff")), &doc) != nil {
		return nil
	}
	return doc
}

// words collects the texts at the dotted paths.
func words(doc any, paths ...string) []string {
	var found []string
	for _, path := range paths {
		value := doc
		for key := range strings.SplitSeq(path, ".") {
			object, _ := value.(map[string]any)
			value = object[key]
		}
		if word, ok := value.(string); ok {
			found = append(found, word)
		}
	}
	return found
}
