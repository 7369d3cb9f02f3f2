// Package github stands in for the GitHub API: the calls that this project
// makes, answered as GitHub describes them, and misbehaviour by script. It
// keeps what is written, so that it can be counted.
package github

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Fake is the stand-in, an [http.Handler]. Make it with [New].
type Fake struct {
	mux *http.ServeMux

	mu        sync.Mutex
	script    Script
	start     time.Time
	triggered time.Time
	lastID    int64
	used      int // of the rate limit, in this hour
	asked     int
	unchanged int
	faults    []int // how often each fault's requests came
	tokens    map[string]installation
	writes    []Write

	deployments []*deployment
	checks      []*check
	statuses    []*status
	comments    []*comment
	issues      []*issue
	hooks       []*hook
}

// Write is a request that changed something.
type Write struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body"`
	Time   time.Time       `json:"time"`
}

// New makes a stand-in. Its clock starts now.
func New(s Script) *Fake {
	f := &Fake{mux: http.NewServeMux(), script: s, start: time.Now(), lastID: 1000, tokens: map[string]installation{}}
	f.faults = make([]int, len(s.Faults))
	for i := range s.Deployments {
		d := &deployment{Deployment: &s.Deployments[i], id: s.Deployments[i].ID}
		if d.id == 0 {
			d.id = f.nextID()
		}
		f.deployments = append(f.deployments, d)
	}
	for i := range s.Checks {
		f.checks = append(f.checks, &check{Check: &s.Checks[i]})
	}
	for i := range s.Statuses {
		f.statuses = append(f.statuses, &status{Status: &s.Statuses[i]})
	}
	for _, c := range s.Comments {
		f.comments = append(f.comments, &comment{id: f.nextID(), issue: c.Issue, author: c.Author, body: c.Body, created: f.start, updated: f.start})
	}
	for _, i := range s.Issues {
		f.issues = append(f.issues, &issue{id: f.nextID(), number: i.Number, title: i.Title, body: i.Body, state: or(i.State, "open"), labels: i.Labels, pull: i.Pull, created: f.start, updated: f.start})
	}
	for i := range s.Hooks {
		f.addHook(&s.Hooks[i])
	}
	f.routes()
	return f
}

// Triggered starts the clock of what waits for a trigger.
func (f *Fake) Triggered() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.triggered.IsZero() {
		f.triggered = time.Now()
	}
}

// Writes returns the requests that changed something, in their order.
func (f *Fake) Writes() []Write {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.writes)
}

// Requests returns how many requests came, and how many of them counted
// against the rate limit.
func (f *Fake) Requests() (all, counted int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked, f.asked - f.unchanged
}

func (f *Fake) nextID() int64 { f.lastID++; return f.lastID }

// routes are the calls of internal/hub and a look at what was written.
func (f *Fake) routes() {
	for pattern, r := range map[string]route{
		"GET /repos/{owner}/{repo}/deployments":               {f.listDeployments, "deployments", "read"},
		"GET /repos/{owner}/{repo}/deployments/{id}/statuses": {f.listDeploymentStatuses, "deployments", "read"},
		"GET /repos/{owner}/{repo}/commits/{ref}/statuses":    {f.listStatuses, "statuses", "read"},
		"GET /repos/{owner}/{repo}/commits/{ref}/check-runs":  {f.listChecks, "checks", "read"},
		"GET /repos/{owner}/{repo}/commits/{ref}/pulls":       {f.listPulls, "pull-requests", "read"},
		"GET /repos/{owner}/{repo}/pulls/{number}":            {f.getPull, "pull-requests", "read"},
		"GET /repos/{owner}/{repo}/issues/{number}/comments":  {f.listComments, "pull-requests", "read"},
		"POST /repos/{owner}/{repo}/issues/{number}/comments": {f.createComment, "pull-requests", "write"},
		"PATCH /repos/{owner}/{repo}/issues/comments/{id}":    {f.updateComment, "pull-requests", "write"},
		"GET /repos/{owner}/{repo}/issues":                    {f.listIssues, "issues", "read"},
		"POST /repos/{owner}/{repo}/issues":                   {f.createIssue, "issues", "write"},
		"PATCH /repos/{owner}/{repo}/issues/{number}":         {f.updateIssue, "issues", "write"},
		"POST /repos/{owner}/{repo}/statuses/{sha}":           {f.createStatus, "statuses", "write"},
		"POST /repos/{owner}/{repo}/dispatches":               {f.dispatch, "contents", "write"},
		"GET /repos/{owner}/{repo}/installation":              {f.getInstallation, "", ""},
		"POST /app/installations/{id}/access_tokens":          {f.createToken, "", ""},

		"GET /repos/{owner}/{repo}/hooks":                            {f.listHooks, "webhooks", "read"},
		"GET /repos/{owner}/{repo}/hooks/{id}/deliveries":            {f.listDeliveries, "webhooks", "read"},
		"GET /repos/{owner}/{repo}/hooks/{id}/deliveries/{delivery}": {f.getDelivery, "webhooks", "read"},
		"GET /orgs/{org}/hooks":                                      {f.listHooks, "organization webhooks", "read"},
		"GET /orgs/{org}/hooks/{id}/deliveries":                      {f.listDeliveries, "organization webhooks", "read"},
		"GET /orgs/{org}/hooks/{id}/deliveries/{delivery}":           {f.getDelivery, "organization webhooks", "read"},
		"GET /app/hook/config":                                       {f.appHookConfig, "", ""},
		"GET /app/hook/deliveries":                                   {f.listDeliveries, "", ""},
		"GET /app/hook/deliveries/{delivery}":                        {f.getDelivery, "", ""},
	} {
		f.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) { f.serve(w, req, r) })
	}
	f.mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		f.serve(w, req, route{handle: func(*http.Request, []byte) answer { return notFound() }})
	})
	f.mux.HandleFunc("GET /sandbox/writes", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(append([]Write{}, f.Writes()...))
	})
}

// ServeHTTP implements [http.Handler].
func (f *Fake) ServeHTTP(w http.ResponseWriter, req *http.Request) { f.mux.ServeHTTP(w, req) }

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
