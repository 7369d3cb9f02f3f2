package admin_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/admin"
)

const description = "../../../docs/relay-api.yaml"

func described(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(description)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// What is described is served, and what is served is described.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	var served, told []string
	for _, pattern := range admin.Patterns() {
		if strings.Contains(pattern, " /api/") {
			served = append(served, pattern)
		}
	}
	for path, item := range described(t).Paths.Map() {
		for method := range item.Operations() {
			told = append(told, method+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(told)
	if diff := cmp.Diff(told, served); diff != "" {
		t.Errorf("described and served (-described +served):\n%s", diff)
	}
}

// checker holds answers against the description.
type checker struct {
	t      *testing.T
	router routers.Router
}

func newChecker(t *testing.T) checker {
	t.Helper()
	doc := described(t)
	doc.Servers = nil // whatever port the test has
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return checker{t, router}
}

// check makes a request, and fails where it or the answer is not as described.
func (c checker) check(client *http.Client, method, address string, want int, header ...string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, address, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		c.t.Errorf("%s %s: %v", method, address, err)
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil && want != http.StatusBadRequest {
		c.t.Errorf("%s %s: the request is not as described: %v", method, address, err)
	}
	status, body, got := ask(c.t, client, method, address, "", header...)
	if status != want {
		c.t.Errorf("%s %s: %d %s, want %d", method, address, status, body, want)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: got, Options: in.Options}
	out.SetBodyBytes(bytes.Clone([]byte(body)))
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		c.t.Errorf("%s %s: %v\n%s", method, address, err, body)
	}
}

// The answers of a relay at work are as described, and so are its refusals.
func TestAnswersAreAsDescribed(t *testing.T) {
	t.Parallel()
	origin := serveRelay(t)
	c, client := newChecker(t), browser(t)
	token := []string{"Authorization", "Bearer tok"}
	waitFor(t, origin, `"unknown":4`)
	_, event, _ := ask(t, client, "GET", origin+"/api/events?source=ios&most=1", "", token...)
	id := between(event, `"id":"`, `"`)
	for _, state := range []string{"done", "dead", "unknown", "paused"} {
		c.check(client, "GET", origin+"/api/events?state="+state, 200, token...)
		_, list, _ := ask(t, client, "GET", origin+"/api/events?most=1&state="+state, "", token...)
		delivery := between(list, `"deliveries":[{"id":"`, `"`)
		c.check(client, "GET", origin+"/api/deliveries/"+delivery, 200, token...)
	}
	for _, source := range []string{"bugs", "e2e", "feedback", "ios", "relay"} {
		_, list, _ := ask(t, client, "GET", origin+"/api/events?most=1&source="+source, "", token...)
		c.check(client, "GET", origin+"/api/events/"+between(list, `"id":"`, `"`), 200, token...)
	}
	for path, want := range map[string]int{
		"/api/events": 200, "/api/events?since=2026-01-31T15:04:05Z&service=bitrise&text=a&before=" + id: 200, "/api/events?after=" + id: 200,
		"/api/events?most=0": 400, "/api/events/none": 404, "/api/deliveries/none": 404,
		"/api/redeliver": 200, "/api/redeliver?state=unknown&source=ios": 200, "/api/redeliver?state=running": 400,
		"/api/sources": 200, "/api/rules": 200, "/api/targets": 200, "/api/health": 200,
	} {
		c.check(client, "GET", origin+path, want, token...)
	}
	for path, want := range map[string]int{
		"/api/redeliver?state=dead&want=99999": 409, "/api/redeliver?state=dead&source=none": 200, "/api/redeliver?want=x": 400,
		"/api/redeliver/" + id: 200, "/api/redeliver/none": 404, "/api/resume/tests": 200,
		"/api/catch-up?dry-run=true": 200, "/api/catch-up?dry-run=maybe": 400, "/api/catch-up?source=none": 404,
	} {
		c.check(client, "POST", origin+path, want, token...)
	}
	c.check(client, "GET", origin+"/api/events", 401)
	c.check(client, "POST", origin+"/api/redeliver", 401)
}

// waitFor waits until the relay's health says something.
func waitFor(t *testing.T, origin, want string) {
	t.Helper()
	var body string
	for range 600 {
		if _, body, _ = ask(t, http.DefaultClient, "GET", origin+"/api/health", "", "Authorization", "Bearer tok"); strings.Contains(body, want) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the relay's health is %s, want %s in it", body, want)
}

// between returns what stands between two texts.
func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}
