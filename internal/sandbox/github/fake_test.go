package github_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/hub/contract"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github/inmemory"
)

const sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

// ask makes one request and returns the answer with its body.
func ask(t *testing.T, h http.Handler, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://api.github.example"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := inmemory.Transport(h).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func TestScriptIsYAML(t *testing.T) {
	t.Parallel()
	const text = `
token: t
page: 2
permissions: {deployments: read}
renamed: {octo/old: octo/new}
deployments:
  - sha: abc
    environment: Preview – shop
    after: 10s
    statuses:
      - {after: 30s, state: success, environment-url: https://shop.example}
checks:
  - app: bugster-dev
    name: e2e
    steps: [{trigger: true, after: 1m, conclusion: success}, {requests: 2, status: queued}]
faults:
  - {method: POST, path: "*/statuses/*", times: -1, status: 502, carry-out: true, stall: 1s}
`
	var got github.Script
	if err := yaml.UnmarshalWithOptions([]byte(text), &got, yaml.DisallowUnknownField()); err != nil {
		t.Fatal(err)
	}
	want := github.Script{
		Token: "t", Page: 2, Permissions: map[string]string{"deployments": "read"}, Renamed: map[string]string{"octo/old": "octo/new"},
		Deployments: []github.Deployment{{
			When: github.When{After: 10 * time.Second}, SHA: "abc", Environment: "Preview – shop",
			Statuses: []github.DeploymentStatus{{When: github.When{After: 30 * time.Second}, State: "success", EnvironmentURL: "https://shop.example"}},
		}},
		Checks: []github.Check{{App: "bugster-dev", Name: "e2e", Steps: []github.CheckStep{
			{When: github.When{Trigger: true, After: time.Minute}, Conclusion: "success"},
			{When: github.When{Requests: 2}, Status: "queued"},
		}}},
		Faults: []github.Fault{{Method: "POST", Path: "*/statuses/*", Times: -1, Status: 502, CarryOut: true, Stall: time.Second}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("script (-want +got):\n%s", diff)
	}
}

// Every call, and every kind of answer, is as GitHub describes it.
func TestAnswersAreAsDescribed(t *testing.T) {
	t.Parallel()
	description, err := contract.Load("../../hub/testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	fake := github.New(github.Script{
		Deployments: []github.Deployment{{ID: 7, SHA: sha, Environment: "preview", Creator: "vercel[bot]", Statuses: []github.DeploymentStatus{{State: "success"}, {State: "inactive", EnvironmentURL: "https://x.example"}}}},
		Checks:      []github.Check{{App: "bugster-dev", Name: "e2e", Steps: []github.CheckStep{{Status: "in_progress"}}}, {App: "ci", Name: "unit", Steps: []github.CheckStep{{Conclusion: "neutral", Title: "t", Summary: "s"}}}},
		Statuses:    []github.Status{{Context: "ci", Steps: []github.StatusStep{{State: "pending"}, {State: "error", URL: "https://ci.example", Description: "no"}}}},
		Pulls:       []github.Pull{{Number: 3, SHA: sha}},
		Comments:    []github.Comment{{Issue: 3, Author: "ann", Body: "hi"}, {Issue: 3, Body: "a deleted user's"}},
		Issues:      []github.Issue{{Number: 5, Title: "t", Labels: []string{"bug"}}},
	})
	seen := 0
	checked := description.Handler("", fake, func(err error) { t.Error(err) })
	for _, call := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/repos/o/r/deployments?sha=" + sha, "", 200},
		{"GET", "/repos/o/r/deployments/7/statuses", "", 200},
		{"GET", "/repos/o/r/deployments/8/statuses", "", 404},
		{"GET", "/repos/o/r/commits/" + sha + "/statuses", "", 200},
		{"GET", "/repos/o/r/commits/" + sha + "/check-runs?filter=all", "", 200},
		{"GET", "/repos/o/r/commits/" + sha + "/pulls", "", 200},
		{"GET", "/repos/o/r/pulls/3", "", 200},
		{"GET", "/repos/o/r/pulls/4", "", 404},
		{"GET", "/repos/o/r/issues/3/comments", "", 200},
		{"POST", "/repos/o/r/issues/3/comments", `{"body":"x"}`, 201},
		{"POST", "/repos/o/r/issues/3/comments", `{"body":""}`, 422},
		{"PATCH", "/repos/o/r/issues/comments/1001", `{"body":"x"}`, 200},
		{"GET", "/repos/o/r/issues?state=all&labels=bug", "", 200},
		{"POST", "/repos/o/r/issues", `{"title":"x","labels":["a"],"assignees":["ann"]}`, 201},
		{"POST", "/repos/o/r/issues", `{"title":""}`, 422},
		{"PATCH", "/repos/o/r/issues/5", `{"state":"closed"}`, 200},
		{"PATCH", "/repos/o/r/issues/99", `{"state":"closed"}`, 404},
		{"POST", "/repos/o/r/statuses/" + sha, `{"state":"pending"}`, 201},
		{"POST", "/repos/o/r/dispatches", `{"event_type":"x","client_payload":{"a":1}}`, 204},
		{"GET", "/repos/o/r/installation", "", 401},
	} {
		resp, body := ask(t, checked, call.method, call.path, call.body)
		if resp.StatusCode != call.want {
			t.Errorf("%s %s = %d %s, want %d", call.method, call.path, resp.StatusCode, body, call.want)
		}
		if resp.StatusCode/100 == 2 && call.method != http.MethodGet {
			seen++
		}
	}
	if n := len(fake.Writes()); n != seen {
		t.Errorf("%d writes are kept, want %d: those that were carried out", n, seen)
	}
}

func TestStatusIsRefusedAsGitHubRefusesIt(t *testing.T) {
	t.Parallel()
	fake := github.New(github.Script{})
	for name, tt := range map[string]struct {
		sha, body string
		want      int
	}{
		"short commit":     {"6dcb09b", `{"state":"success"}`, 422},
		"unknown state":    {sha, `{"state":"passed"}`, 422},
		"long description": {sha, `{"state":"success","description":"` + strings.Repeat("x", 141) + `"}`, 422},
		"no JSON":          {sha, `state=success`, 400},
	} {
		if resp, body := ask(t, fake, "POST", "/repos/o/r/statuses/"+tt.sha, tt.body); resp.StatusCode != tt.want {
			t.Errorf("%s: %d %s, want %d", name, resp.StatusCode, body, tt.want)
		}
	}
	if n := len(fake.Writes()); n != 0 {
		t.Errorf("%d writes, want none", n)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := github.Script{Page: 2}
	for range 5 {
		s.Comments = append(s.Comments, github.Comment{Issue: 1, Body: "x"})
	}
	fake := github.New(s)
	for page, want := range map[string]string{
		"1": `<https://api.github.example/repos/o/r/issues/1/comments?page=2&per_page=100>; rel="next", <https://api.github.example/repos/o/r/issues/1/comments?page=3&per_page=100>; rel="last"`,
		"3": `<https://api.github.example/repos/o/r/issues/1/comments?page=2&per_page=100>; rel="prev"`,
		"9": `<https://api.github.example/repos/o/r/issues/1/comments?page=8&per_page=100>; rel="prev"`,
	} {
		resp, body := ask(t, fake, "GET", "/repos/o/r/issues/1/comments?per_page=100&page="+page, "")
		if got := resp.Header.Get("Link"); got != want {
			t.Errorf("page %s: Link %s, want %s", page, got, want)
		}
		var list []any
		if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != map[string]int{"1": 2, "3": 1, "9": 0}[page] {
			t.Errorf("page %s has %d entries (%v)", page, len(list), err)
		}
	}
}

func TestUnchangedIsFree(t *testing.T) {
	t.Parallel()
	fake := github.New(github.Script{Limit: 2, Checks: []github.Check{{App: "a", Name: "n", Steps: []github.CheckStep{{Status: "queued"}}}}})
	const path = "/repos/o/r/commits/" + sha + "/check-runs"
	first, _ := ask(t, fake, "GET", path, "")
	for range 5 {
		again, body := ask(t, fake, "GET", path, "", "If-None-Match", first.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || body != "" || again.Header.Get("X-RateLimit-Remaining") != "1" {
			t.Fatalf("asked again: %d %q, %s left; want 304, nothing, 1", again.StatusCode, body, again.Header.Get("X-RateLimit-Remaining"))
		}
	}
	for _, want := range []int{200, 403} {
		if resp, body := ask(t, fake, "GET", path, ""); resp.StatusCode != want {
			t.Errorf("asked without ETag: %d %s, want %d", resp.StatusCode, body, want)
		}
	}
}

func TestTimelines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := github.New(github.Script{
			Deployments: []github.Deployment{{SHA: sha, When: github.When{After: 10 * time.Second}}},
			Checks:      []github.Check{{App: "a", Name: "n", Steps: []github.CheckStep{{When: github.When{Trigger: true, After: 5 * time.Second}, Status: "queued"}}}},
			Statuses:    []github.Status{{Context: "c", Steps: []github.StatusStep{{When: github.When{Requests: 2}, State: "success"}}}},
		})
		there := func(path, word string) bool {
			_, body := ask(t, fake, "GET", path, "")
			return strings.Contains(body, word)
		}
		deployments, checks, statuses := "/repos/o/r/deployments", "/repos/o/r/commits/"+sha+"/check-runs", "/repos/o/r/commits/"+sha+"/statuses"
		if there(deployments, sha) || there(checks, "queued") {
			t.Error("something is there before its time")
		}
		time.Sleep(10 * time.Second)
		if !there(deployments, sha) || there(checks, "queued") {
			t.Error("after 10 s: want the deployment, and no check before the trigger")
		}
		fake.Triggered()
		time.Sleep(5 * time.Second)
		if !there(checks, "queued") {
			t.Error("5 s after the trigger: want the check")
		}
		for n, want := range []bool{false, false, true} {
			if got := there(statuses, "success"); got != want {
				t.Errorf("request %d: status there = %t, want %t", n+1, got, want)
			}
		}
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	fake := github.New(github.Script{Faults: []github.Fault{
		{Method: "POST", Path: "*/comments", Skip: 1, Times: 2, Status: 502, CarryOut: true},
		{Method: "PATCH"},
	}})
	for n, want := range []int{201, 502, 502, 201} {
		if resp, _ := ask(t, fake, "POST", "/repos/o/r/issues/1/comments", `{"body":"x"}`); resp.StatusCode != want {
			t.Errorf("request %d: %d, want %d", n+1, resp.StatusCode, want)
		}
	}
	if n := len(fake.Writes()); n != 4 {
		t.Errorf("%d writes, want 4: the failures were carried out", n)
	}
}

// On a real connection, as for `afterdeploy-sandbox serve`.
func TestFaultsOnAConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(github.New(github.Script{Faults: []github.Fault{{Times: 1}, {Stall: -1}}}))
	defer server.Close()
	get := func(limit time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/repos/o/r/deployments", nil)
		if err != nil {
			return err
		}
		req.Close = true
		resp, err := server.Client().Do(req)
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}
	if err := get(10 * time.Second); err == nil || !strings.Contains(err.Error(), "EOF") {
		t.Errorf("a closed connection: %v, want EOF", err)
	}
	if err := get(100 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("a silent one: %v, want the deadline", err)
	}
	if err := get(10 * time.Second); err != nil {
		t.Errorf("after the faults: %v", err)
	}
}
