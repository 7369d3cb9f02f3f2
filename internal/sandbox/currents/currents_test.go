package currents_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/currents"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

const (
	id   = "550e8400-e29b-41d4-a716-446655440000"
	hook = "/webhooks/" + id
	list = "/webhooks?projectId=proj_sandbox"
)

func fake() *currents.Fake {
	return currents.New(currents.Script{
		ReadOnlyKey: "reader",
		Webhooks:    []currents.Webhook{{ID: id, URL: "https://a.example.com", Headers: `{"X-Key": "k"}`, Label: "l"}},
	})
}

// ask makes one call with a key.
func ask(f http.Handler, key, method, path, body string) (int, string) {
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, req)
	return w.Code, strings.TrimSpace(w.Body.String())
}

// Everything that the API's description forbids is refused, and nothing of it
// is done.
func TestStrict(t *testing.T) {
	t.Parallel()
	const good = `{"url": "https://a.example.com", "hookEvents": []}`
	tests := map[string]struct {
		key, method, path, body string
		status                  int
		want                    string
	}{
		"no key":            {"", "GET", list, "", 401, "Unauthorized"},
		"wrong key":         {"x", "GET", list, "", 401, "Unauthorized"},
		"read-only key":     {"reader", "POST", list, good, 403, "read-only"},
		"no project":        {currents.DefaultKey, "GET", "/webhooks", "", 400, "projectId is required"},
		"other project":     {currents.DefaultKey, "POST", "/webhooks?projectId=p", good, 404, "Project not found"},
		"unknown parameter": {currents.DefaultKey, "GET", list + "&limit=1", "", 400, `"limit" is unknown`},
		"twice":             {currents.DefaultKey, "GET", list + "&projectId=p", "", 400, "there 2 times"},
		"no URL":            {currents.DefaultKey, "POST", list, `{"hookEvents": []}`, 400, "url is required"},
		"no address":        {currents.DefaultKey, "POST", list, `{"url": "relay"}`, 400, "valid URI"},
		"null URL":          {currents.DefaultKey, "PUT", hook, `{"url": null}`, 400, "url must be a string"},
		"long URL":          {currents.DefaultKey, "PUT", hook, `{"url": "https://a.example.com/` + strings.Repeat("x", 2048) + `"}`, 400, "2048"},
		"event":             {currents.DefaultKey, "PUT", hook, `{"hookEvents": ["RUN_STOP"]}`, 400, "RUN_STOP"},
		"null events":       {currents.DefaultKey, "PUT", hook, `{"hookEvents": null}`, 400, "must be an array"},
		"headers":           {currents.DefaultKey, "PUT", hook, `{"headers": "X-Key: k"}`, 400, "JSON object"},
		"headers object":    {currents.DefaultKey, "PUT", hook, `{"headers": {"X-Key": "k"}}`, 400, "body:"},
		"long headers":      {currents.DefaultKey, "PUT", hook, `{"headers": "{\"X\": \"` + strings.Repeat("x", 4096) + `\"}"}`, 400, "4096"},
		"empty label":       {currents.DefaultKey, "PUT", hook, `{"label": ""}`, 400, "1 to 255"},
		"long label":        {currents.DefaultKey, "PUT", hook, `{"label": "` + strings.Repeat("ü", 256) + `"}`, 400, "1 to 255"},
		"unknown field":     {currents.DefaultKey, "PUT", hook, `{"name": "x"}`, 400, `unknown field "name"`},
		"empty change":      {currents.DefaultKey, "PUT", hook, `{}`, 400, "must not be empty"},
		"no JSON":           {currents.DefaultKey, "PUT", hook, `label`, 400, "body:"},
		"two bodies":        {currents.DefaultKey, "PUT", hook, `{"label": "a"}{}`, 400, "something follows"},
		"no UUID":           {currents.DefaultKey, "GET", "/webhooks/h1", "", 400, "UUID"},
		"other webhook":     {currents.DefaultKey, "DELETE", "/webhooks/550e8400-e29b-41d4-a716-446655440001", "", 404, "Webhook not found"},
		"method":            {currents.DefaultKey, "PATCH", hook, `{"label": "a"}`, 404, "Cannot PATCH"},
		"path":              {currents.DefaultKey, "GET", "/hooks", "", 404, "Cannot GET"},
		"too many runs":     {currents.DefaultKey, "GET", "/projects/proj_sandbox/runs?limit=51", "", 400, "limit"},
		"no time":           {currents.DefaultKey, "GET", "/projects/proj_sandbox/runs?date_start=today", "", 400, "date-time"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fake()
			_, before := ask(f, currents.DefaultKey, "GET", list, "")
			status, body := ask(f, tt.key, tt.method, tt.path, tt.body)
			var said struct{ Status, Error string }
			if err := json.Unmarshal([]byte(body), &said); err != nil || status != tt.status || said.Status != "FAILED" || !strings.Contains(said.Error, tt.want) {
				t.Errorf("answer %d %s, want %d %q", status, body, tt.status, tt.want)
			}
			if _, after := ask(f, currents.DefaultKey, "GET", list, ""); after != before {
				t.Errorf("it was done all the same (-before +after):\n%s", cmp.Diff(before, after))
			}
			if asked := f.Requests(); len(asked) != 3 || asked[1].Status != tt.status || asked[1].Path != tt.path {
				t.Errorf("recorded %+v", asked)
			}
		})
	}
}

// A content type other than JSON is refused, as is a body without one.
func TestContentType(t *testing.T) {
	t.Parallel()
	req := httptest.NewRequest(http.MethodPut, hook, strings.NewReader(`{"label": "a"}`))
	req.Header.Set("Authorization", "Bearer "+currents.DefaultKey)
	w := httptest.NewRecorder()
	fake().ServeHTTP(w, req)
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "want application/json") {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
}

// Whoever reads while others write gets a whole answer.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	f := fake()
	var asking sync.WaitGroup
	for i := range 8 {
		asking.Go(func() {
			for range 20 {
				if status, body := ask(f, currents.DefaultKey, "PUT", hook, fmt.Sprintf(`{"label": "%d", "hookEvents": ["RUN_START"]}`, i)); status != 200 {
					t.Errorf("answer %d %s", status, body)
				}
				if status, body := ask(f, currents.DefaultKey, "GET", list, ""); status != 200 || !json.Valid([]byte(body)) {
					t.Errorf("answer %d %s", status, body)
				}
			}
		})
	}
	asking.Wait()
}

func TestFaults(t *testing.T) {
	t.Parallel()
	f := currents.New(currents.Script{Faults: []rest.Fault{
		{Method: "GET", Path: "/webhooks", Skip: 1, Times: 2, Status: 429, RetryAfter: "5", Message: "slow down"},
		{Method: "POST", Status: 503, CarryOut: true, Body: "<html>"},
	}})
	var got []int
	for range 4 {
		status, _ := ask(f, currents.DefaultKey, "GET", list, "")
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{200, 429, 429, 200}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if status, body := ask(f, currents.DefaultKey, "POST", list, `{"url": "https://a.example.com"}`); status != 503 || body != "<html>" {
		t.Errorf("answer %d %s", status, body)
	}
	if _, body := ask(f, currents.DefaultKey, "GET", list, ""); !strings.Contains(body, "https://a.example.com") {
		t.Errorf("what was to be carried out was not: %s", body)
	}
}

// Send puts the run on record and delivers to those who want the event.
func TestSend(t *testing.T) {
	t.Parallel()
	got := make(chan *http.Request, 2)
	status := http.StatusOK
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(strings.NewReader(string(body)))
		got <- req
		w.WriteHeader(status)
	}))
	defer receiver.Close()
	f := currents.New(currents.Script{Webhooks: []currents.Webhook{
		{URL: receiver.URL + "/a", Headers: `{"X-Key": "k"}`, Events: []string{"RUN_FINISH"}},
		{URL: receiver.URL + "/b", Events: []string{"RUN_START"}},
	}})
	if err := f.Send(t.Context(), currents.DefaultProject, "RUN_FINISH:failed", services.Options{}); err != nil {
		t.Fatal(err)
	}
	req := <-got
	if req.URL.Path != "/a" || req.Header.Get("X-Key") != "k" || len(got) != 0 {
		t.Errorf("delivered to %s with %v", req.URL, req.Header)
	}
	since := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	if _, body := ask(f, currents.DefaultKey, "GET", "/projects/proj_sandbox/runs?date_start="+since, ""); !strings.Contains(body, `"completionState":"complete"`) || !strings.Contains(body, `"status":"failed"`) {
		t.Errorf("runs %s", body)
	}
	status = http.StatusServiceUnavailable
	if err := f.Send(t.Context(), currents.DefaultProject, "RUN_START", services.Options{Serial: 2}); err == nil {
		t.Error("a delivery that was answered 503 came through")
	}
}
