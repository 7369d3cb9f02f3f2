package hub_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/hub/contract"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/github/inmemory"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const (
	repo = "octo/shop"
	base = "https://github.example/api/v3"
	sha  = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
)

// open starts a stand-in for GitHub behind its own description, and a client
// of it.
func open(t *testing.T, s github.Script) (*hub.Client, *github.Fake) {
	t.Helper()
	fake := github.New(s)
	return client(t, fake, hub.Token(secret.New("t0ken"))), fake
}

func client(t *testing.T, fake http.Handler, auth hub.Auth) *hub.Client {
	t.Helper()
	o := options(t, fake)
	o.Auth = auth
	c, err := hub.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func options(t *testing.T, fake http.Handler) hub.Options {
	t.Helper()
	description, err := contract.Load("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	checked := description.Handler("/api/v3", fake, func(err error) { t.Errorf("not as GitHub describes it: %v", err) })
	return hub.Options{HTTP: &http.Client{Transport: inmemory.Transport(checked)}, BaseURL: base}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "api.github.com", "ftp://api.github.com", "https://me:pass@api.github.com", "https://api.github.com?x=y", "https://"} {
		if _, err := hub.New(hub.Options{BaseURL: bad}); err == nil {
			t.Errorf("New(%q) = nil, want an error", bad)
		}
	}
}

func TestDeploymentsOverAllPages(t *testing.T) {
	t.Parallel()
	var s github.Script
	for range 250 {
		s.Deployments = append(s.Deployments, github.Deployment{SHA: sha, Environment: "old", When: github.When{After: -time.Hour}})
	}
	s.Deployments = append(s.Deployments,
		github.Deployment{SHA: sha, Environment: "Preview – shop", Creator: "vercel[bot]"},
		github.Deployment{SHA: strings.Repeat("a", 40), Environment: "other commit"})
	c, _ := open(t, s)
	got, err := c.Deployments(t.Context(), repo, sha)
	if err != nil || len(got) != 251 {
		t.Fatalf("Deployments = %d, %v; want 251", len(got), err)
	}
	want := hub.Deployment{SHA: sha, Ref: sha, Environment: "Preview – shop", Creator: "vercel[bot]"}
	if diff := cmp.Diff(want, got[0], cmpopts.IgnoreFields(hub.Deployment{}, "ID", "Created")); diff != "" {
		t.Errorf("the newest (-want +got):\n%s", diff)
	}
}

func TestDeploymentStatusesNewestFirst(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{Page: 1, Deployments: []github.Deployment{{SHA: sha, Environment: "preview", Statuses: []github.DeploymentStatus{
		{When: github.When{After: -3 * time.Second}, State: "pending"},
		{When: github.When{After: -2 * time.Second}, State: "in_progress", LogURL: "https://log.example"},
		{When: github.When{After: -time.Second}, State: "success", EnvironmentURL: "https://shop.example", Environment: "renamed"},
	}}}})
	list, err := c.Deployments(t.Context(), repo, sha)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.DeploymentStatuses(t.Context(), repo, list[0].ID)
	want := []hub.DeploymentStatus{
		{State: "success", EnvironmentURL: "https://shop.example", Environment: "renamed"},
		{State: "in_progress", Environment: "preview", LogURL: "https://log.example", TargetURL: "https://log.example"},
		{State: "pending", Environment: "preview"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(hub.DeploymentStatus{}, "ID", "Created")); diff != "" || err != nil {
		t.Errorf("DeploymentStatuses: %v (-want +got):\n%s", err, diff)
	}
}

func TestCheckRuns(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{Page: 1, Checks: []github.Check{
		{App: "bugster-dev", Name: "Bugster", URL: "https://app.example/run/1", Steps: []github.CheckStep{
			{Status: "in_progress"}, {Conclusion: "failure", Title: "2 of 5 failed", Summary: "login, cart"},
		}},
		{App: "github-actions", Name: "build", URL: "https://ci.example/2", Steps: []github.CheckStep{{Status: "queued"}}},
	}})
	got, err := c.CheckRuns(t.Context(), repo, sha)
	want := []hub.CheckRun{
		{Name: "Bugster", App: "bugster-dev", Status: "completed", Conclusion: "failure", DetailsURL: "https://app.example/run/1", Title: "2 of 5 failed", Summary: "login, cart"},
		{Name: "build", App: "github-actions", Status: "queued", DetailsURL: "https://ci.example/2"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(hub.CheckRun{}, "ID", "URL", "Started", "Completed")); diff != "" || err != nil {
		t.Errorf("CheckRuns: %v (-want +got):\n%s", err, diff)
	}
	if got[0].Completed.IsZero() || !got[1].Completed.IsZero() {
		t.Errorf("Completed = %v, %v; want a time, then none", got[0].Completed, got[1].Completed)
	}
}

func TestStatusesNewestOfEachContext(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{Page: 1, Statuses: []github.Status{
		{Context: "netlify/shop/deploy-preview", Creator: "netlify[bot]", Steps: []github.StatusStep{
			{State: "pending"}, {State: "success", URL: "https://shop.example", Description: "Deploy Preview ready!"},
		}},
		{Context: "CI", Steps: []github.StatusStep{{State: "failure"}}},
	}})
	got, err := c.Statuses(t.Context(), repo, sha)
	want := []hub.Status{
		{Context: "CI", State: "failure"},
		{Context: "netlify/shop/deploy-preview", State: "success", Creator: "netlify[bot]", TargetURL: "https://shop.example", Description: "Deploy Preview ready!"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(hub.Status{}, "ID", "Updated")); diff != "" || err != nil {
		t.Errorf("Statuses: %v (-want +got):\n%s", err, diff)
	}
}

func TestCreateStatusIsCutToWhatGitHubTakes(t *testing.T) {
	t.Parallel()
	c, fake := open(t, github.Script{})
	err := c.CreateStatus(t.Context(), repo, sha, hub.Status{Context: "afterdeploy", State: "failure", Description: strings.Repeat("ü", 200), TargetURL: "https://run.example"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Statuses(t.Context(), repo, sha)
	if err != nil || len(got) != 1 || got[0].Description != strings.Repeat("ü", 139)+"…" {
		t.Errorf("Statuses = %+v, %v; want one, its description cut", got, err)
	}
	if n := len(fake.Writes()); n != 1 {
		t.Errorf("%d writes, want 1", n)
	}
}

func TestPullRequests(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{Page: 1, Pulls: []github.Pull{{Number: 7, SHA: sha, Ref: "feature"}, {Number: 8, SHA: sha, State: "closed"}}})
	want := hub.PullRequest{Number: 7, State: "open", HeadSHA: sha, HeadRef: "feature", HeadRepository: repo}
	got, err := c.PullRequests(t.Context(), repo, sha)
	if err != nil || len(got) != 2 || got[0] != want {
		t.Errorf("PullRequests = %+v, %v; want two, the first %+v", got, err, want)
	}
	if got, err := c.PullRequest(t.Context(), repo, 7); err != nil || got != want {
		t.Errorf("PullRequest(7) = %+v, %v; want %+v", got, err, want)
	}
	if _, err := c.PullRequest(t.Context(), repo, 9); hub.KindOf(err) != hub.KindNotFound {
		t.Errorf("PullRequest(9) = %v, want kind %s", err, hub.KindNotFound)
	}
}

func TestComments(t *testing.T) {
	t.Parallel()
	c, fake := open(t, github.Script{Page: 1, Comments: []github.Comment{{Issue: 7, Author: "ann", Body: "hello"}, {Issue: 8, Body: "other"}}})
	made, err := c.CreateComment(t.Context(), repo, 7, "first")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateComment(t.Context(), repo, made.ID, "second"); err != nil {
		t.Fatal(err)
	}
	got, err := c.Comments(t.Context(), repo, 7)
	want := []hub.Comment{{Author: "ann", Body: "hello"}, {Author: "github-actions[bot]", Body: "second"}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(hub.Comment{}, "ID", "URL")); diff != "" || err != nil {
		t.Errorf("Comments: %v (-want +got):\n%s", err, diff)
	}
	if n := len(fake.Writes()); n != 2 {
		t.Errorf("%d writes, want 2", n)
	}
}

func TestIssues(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{Page: 1, Issues: []github.Issue{
		{Number: 3, Title: "another", Body: "no marker", Labels: []string{"bug"}},
		{Number: 4, Title: "a pull request that names it", Body: "fixes <!-- bug:1 -->", Labels: []string{"bug"}, Pull: true},
		{Number: 5, Title: "the one", Body: "text <!-- bug:1 -->", Labels: []string{"Bug"}, State: "closed"},
	}})
	got, err := c.FindIssue(t.Context(), repo, "bug", "<!-- bug:1 -->")
	if err != nil || got == nil || got.Number != 5 || got.State != "closed" {
		t.Fatalf("FindIssue = %+v, %v; want number 5", got, err)
	}
	if got, err := c.FindIssue(t.Context(), repo, "", "<!-- bug:2 -->"); err != nil || got != nil {
		t.Errorf("FindIssue of another = %+v, %v; want nil", got, err)
	}
	updated, err := c.UpdateIssue(t.Context(), repo, hub.Issue{Number: 5, State: "open"})
	if err != nil || updated.State != "open" || updated.Title != "the one" {
		t.Errorf("UpdateIssue = %+v, %v; want it open, the rest as it was", updated, err)
	}
	made, err := c.CreateIssue(t.Context(), repo, hub.Issue{Title: strings.Repeat("x", 300), Body: "b", Labels: []string{"bug"}, Assignees: []string{"ann"}})
	want := &hub.Issue{Number: 6, Title: strings.Repeat("x", 255) + "…", Body: "b", State: "open", Labels: []string{"bug"}, Assignees: []string{"ann"}}
	if diff := cmp.Diff(want, made, cmpopts.IgnoreFields(hub.Issue{}, "URL")); diff != "" || err != nil {
		t.Errorf("CreateIssue: %v (-want +got):\n%s", err, diff)
	}
	if _, err := c.UpdateIssue(t.Context(), repo, hub.Issue{Title: "x"}); hub.KindOf(err) != hub.KindValidation {
		t.Errorf("UpdateIssue without number = %v, want kind %s", err, hub.KindValidation)
	}
}

func TestDispatch(t *testing.T) {
	t.Parallel()
	c, fake := open(t, github.Script{})
	many := map[string]any{}
	for _, key := range strings.Split("a b c d e f g h i j k", " ") {
		many[key] = 1
	}
	tests := map[string]struct {
		event   string
		payload map[string]any
		want    hub.Kind
	}{
		"good":           {"afterdeploy.build", map[string]any{"environment_url": "https://shop.example/?a=1&b=2"}, ""},
		"no payload":     {"afterdeploy.build", nil, ""},
		"no event":       {"", nil, hub.KindValidation},
		"long event":     {strings.Repeat("x", 101), nil, hub.KindValidation},
		"too many keys":  {"x", many, hub.KindValidation},
		"too much":       {"x", map[string]any{"a": strings.Repeat("x", 65536)}, hub.KindValidation},
		"not to be said": {"x", map[string]any{"a": func() {}}, hub.KindValidation},
	}
	for name, tt := range tests {
		if err := c.Dispatch(t.Context(), repo, tt.event, tt.payload); hub.KindOf(err) != tt.want {
			t.Errorf("%s: Dispatch = %v, want kind %q", name, err, tt.want)
		}
	}
	if n := len(fake.Writes()); n != 2 {
		t.Errorf("%d dispatches arrived, want 2", n)
	}
}

func TestUnchangedAnswersAreNotCounted(t *testing.T) {
	t.Parallel()
	c, fake := open(t, github.Script{Page: 1, Checks: []github.Check{
		{App: "a", Name: "one", Steps: []github.CheckStep{{Status: "queued"}, {When: github.When{Requests: 3}, Conclusion: "success"}}},
		{App: "a", Name: "two", Steps: []github.CheckStep{{Status: "queued"}}},
	}})
	for n := range 5 {
		// Each list has two pages, so the first check is asked for twice.
		got, err := c.CheckRuns(t.Context(), repo, sha)
		if err != nil || len(got) != 2 {
			t.Fatalf("CheckRuns, time %d = %+v, %v; want two", n, got, err)
		}
		if done := got[0].Conclusion == "success"; done != (n >= 2) {
			t.Errorf("CheckRuns, time %d: conclusion %q", n, got[0].Conclusion)
		}
	}
	all, counted := fake.Requests()
	if all != 10 || counted != 3 || c.Counted() != 3 {
		t.Errorf("%d requests, %d of them counted, the client says %d; want 10, 3, 3", all, counted, c.Counted())
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script github.Script
		want   hub.Error
	}{
		"bad token": {
			github.Script{Token: "another"},
			hub.Error{Kind: hub.KindUnauthorized, Status: 401, Message: "Bad credentials"},
		},
		"no permission": {
			github.Script{Permissions: map[string]string{"statuses": "read"}},
			hub.Error{Kind: hub.KindPermission, Status: 403, Message: "Resource not accessible by integration"},
		},
		"no repository": {
			github.Script{Repository: "octo/other"},
			hub.Error{Kind: hub.KindNotFound, Status: 404, Message: "Not Found"},
		},
		"renamed": {
			github.Script{Renamed: map[string]string{repo: "octo/store"}},
			hub.Error{Kind: hub.KindMoved, Status: 307, Message: "the repository has moved to /api/v3/repos/octo/store/statuses/" + sha + ": use its new name"},
		},
		"refused": {
			github.Script{Faults: []github.Fault{{Status: 422, Message: "No commit found"}}},
			hub.Error{Kind: hub.KindValidation, Status: 422, Message: "No commit found"},
		},
		"gone": {
			github.Script{Faults: []github.Fault{{Status: 410}}},
			hub.Error{Kind: hub.KindGone, Status: 410, Message: "Gone"},
		},
		"failed, perhaps after doing it": {
			github.Script{Faults: []github.Fault{{Status: 502, CarryOut: true}}},
			hub.Error{Kind: hub.KindServer, Status: 502, Message: "Bad Gateway", Ambiguous: true},
		},
		"lost, perhaps after doing it": {
			github.Script{Faults: []github.Fault{{CarryOut: true}}},
			hub.Error{Kind: hub.KindNetwork, Ambiguous: true},
		},
		"busy": {
			github.Script{Faults: []github.Fault{{Status: 503, RetryAfter: "30"}}},
			hub.Error{Kind: hub.KindServer, Status: 503, Message: "Service Unavailable"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := github.New(tt.script)
			c, err := hub.New(hub.Options{HTTP: &http.Client{Transport: inmemory.Transport(http.StripPrefix("/api/v3", fake))}, BaseURL: base, Auth: hub.Token(secret.New("t0ken"))})
			if err != nil {
				t.Fatal(err)
			}
			var got *hub.Error
			if err := c.CreateStatus(t.Context(), repo, sha, hub.Status{State: "pending", Context: "x"}); !errors.As(err, &got) {
				t.Fatalf("CreateStatus = %v, want an *hub.Error", err)
			}
			tt.want.Op, tt.want.Needs = "create commit status", hub.WriteStatuses()
			if diff := cmp.Diff(tt.want, *got, cmpopts.IgnoreFields(hub.Error{}, "Err", "Until")); diff != "" {
				t.Errorf("CreateStatus (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFailedReadIsNotAmbiguous(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{Faults: []github.Fault{{Status: 502}}})
	_, err := c.Deployments(t.Context(), repo, sha)
	var e *hub.Error
	if !errors.As(err, &e) || e.Kind != hub.KindServer || e.Ambiguous {
		t.Errorf("Deployments = %#v, want a failure of the server that is not ambiguous", err)
	}
}

func TestPermissionErrorNamesThePermission(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{Permissions: map[string]string{}})
	_, err := c.Deployments(t.Context(), repo, sha)
	want := "list deployments: GitHub answered 403: Resource not accessible by integration (the token needs deployments: read)"
	if err == nil || err.Error() != want {
		t.Errorf("Deployments = %v, want %s", err, want)
	}
}

func TestRenamedRepositoryIsReadUnderItsNewName(t *testing.T) {
	t.Parallel()
	c, _ := open(t, github.Script{
		Renamed: map[string]string{repo: "octo/store"},
		Pulls:   []github.Pull{{Number: 1, SHA: sha}},
	})
	if got, err := c.PullRequests(t.Context(), repo, sha); err != nil || len(got) != 1 {
		t.Errorf("PullRequests = %+v, %v; want one", got, err)
	}
}

func TestTokenStaysWithItsHost(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"https://other.example/repos", "http://github.example/api/v3/repos", "https://github.example:8443/x", "//other.example/x", "https://u@github.example/x", ""} {
		hosts := map[string]bool{}
		c, err := hub.New(hub.Options{BaseURL: base, Auth: hub.Token(secret.New("t0ken")), HTTP: &http.Client{
			Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				hosts[req.URL.Scheme+"://"+req.URL.Host] = true
				return &http.Response{StatusCode: http.StatusMovedPermanently, Header: http.Header{"Location": {to}}, Body: http.NoBody, Request: req}, nil
			}),
		}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.PullRequest(t.Context(), repo, 1)
		if hub.KindOf(err) != hub.KindMoved {
			t.Errorf("to %q: %v, want kind %s", to, err, hub.KindMoved)
		}
		if diff := cmp.Diff(map[string]bool{"https://github.example": true}, hosts); diff != "" {
			t.Errorf("to %q: hosts asked (-want +got):\n%s", to, diff)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestRepositoryIsPartOfAPath(t *testing.T) {
	t.Parallel()
	c, fake := open(t, github.Script{})
	for _, bad := range []string{"", "octo", "octo/shop/x", "octo/..", "../x", "octo/sh op", "octo/shop?x", "octo/%2e%2e", "https://x/y"} {
		if _, err := c.PullRequest(t.Context(), bad, 1); hub.KindOf(err) != hub.KindValidation {
			t.Errorf("PullRequest of %q = %v, want kind %s", bad, err, hub.KindValidation)
		}
	}
	if all, _ := fake.Requests(); all != 0 {
		t.Errorf("%d requests left, want none", all)
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script github.Script
		calls  int // that go well
		wait   time.Duration
	}{
		"primary used up":        {github.Script{Limit: 2, NoETags: true}, 2, time.Hour},
		"secondary, Retry-After": {github.Script{Faults: []github.Fault{{Secondary: true, RetryAfter: "30"}}}, 0, 30 * time.Second},
		"secondary, no time":     {github.Script{Faults: []github.Fault{{Secondary: true}}}, 0, time.Minute},
		"secondary by 429":       {github.Script{Faults: []github.Fault{{Secondary: true, Status: 429}}}, 0, time.Minute},
		"plain 429":              {github.Script{Faults: []github.Fault{{Status: 429, RetryAfter: "7"}}}, 0, 7 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, fake := open(t, tt.script)
				for range tt.calls {
					if _, err := c.CheckRuns(t.Context(), repo, sha); err != nil {
						t.Fatal(err)
					}
				}
				start := time.Now()
				var limited *hub.Error
				for range 3 { // the second and third stay at home
					_, err := c.CheckRuns(t.Context(), repo, sha)
					if !errors.As(err, &limited) || limited.Kind != hub.KindRateLimited {
						t.Fatalf("CheckRuns = %v, want kind %s", err, hub.KindRateLimited)
					}
				}
				if got := limited.Until.Sub(start).Round(time.Second); got != tt.wait {
					t.Errorf("limited for %v, want %v", got, tt.wait)
				}
				if all, _ := fake.Requests(); all > max(tt.calls, 1) {
					t.Errorf("%d requests, want none after the limit was told", all)
				}
				time.Sleep(tt.wait)
				if tt.script.Limit == 0 {
					if _, err := c.CheckRuns(t.Context(), repo, sha); err != nil {
						t.Errorf("CheckRuns after the wait = %v", err)
					}
				}
			})
		})
	}
}

func TestNoAnswerInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := open(t, github.Script{Faults: []github.Fault{{Stall: -1, Times: -1, CarryOut: true}}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		_, err := c.CreateComment(ctx, repo, 1, "x")
		var lost *hub.Error
		if !errors.As(err, &lost) || lost.Kind != hub.KindNetwork || !lost.Ambiguous {
			t.Errorf("CreateComment = %#v, want an ambiguous %s", err, hub.KindNetwork)
		}
		if _, err := c.Comments(ctx, repo, 1); !errors.As(err, &lost) || lost.Ambiguous {
			t.Errorf("Comments = %#v, want a %s that is not ambiguous", err, hub.KindNetwork)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("two calls took %v, want 30 s each", took)
		}
	})
}

func TestPermissionsBlock(t *testing.T) {
	t.Parallel()
	got := hub.PermissionsBlock(hub.WriteStatuses(), hub.ReadStatuses(), hub.ReadDeployments())
	want := "permissions:\n  contents: read\n  deployments: read\n  statuses: write\n"
	if got != want {
		t.Errorf("PermissionsBlock = %q, want %q", got, want)
	}
}
