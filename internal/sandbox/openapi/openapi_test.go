package openapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/openapi"
)

// Whatever is not as described is reported, in the request and in the answer.
func TestTransport(t *testing.T) {
	t.Parallel()
	const list, hook = "/webhooks?projectId=p", "/webhooks/550e8400-e29b-41d4-a716-446655440000"
	tests := map[string]struct {
		method, path, body string
		status             int
		answer             string
		want               string // in what is reported; "": nothing is
	}{
		"good":              {"GET", list, "", 200, `{"status": "OK", "data": []}`, ""},
		"good write":        {"PUT", hook, `{"label": null}`, 404, `{"status": "FAILED", "error": "x"}`, ""},
		"status":            {"PUT", hook, `{"label": null}`, 204, "", "decode response body"},
		"path":              {"GET", "/webhook", "", 404, `{}`, "no matching operation"},
		"parameter":         {"GET", list + "&limit=5", "", 200, `{"status": "OK", "data": []}`, `"limit" is not described`},
		"missing parameter": {"GET", "/webhooks", "", 200, `{"status": "OK", "data": []}`, "value is required"},
		"no UUID":           {"DELETE", "/webhooks/h1", "", 204, "", "regular expression"},
		"unknown field":     {"PUT", hook, `{"name": "x"}`, 200, `{}`, `property "name" is unsupported`},
		"empty change":      {"PUT", hook, `{}`, 200, `{}`, "at least 1 properties"},
		"too long":          {"PUT", hook, `{"label": "` + strings.Repeat("x", 256) + `"}`, 200, `{}`, "255"},
		"missing field":     {"POST", list, `{"url": "https://a.example.com"}`, 201, `{}`, `property "hookEvents" is missing`},
		"answer":            {"GET", list, "", 200, `{"status": "OK", "data": {}}`, "value must be an array"},
		"answer's word":     {"GET", list, "", 200, `{"status": "Ok", "data": []}`, "one of the allowed values"},
		"error's form":      {"GET", list, "", 500, `{"message": "x"}`, `property "status" is missing`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reported := call(t, tt.method, tt.path, tt.body, tt.status, tt.answer)
			if (tt.want == "") != (reported == "") || !strings.Contains(reported, tt.want) {
				t.Errorf("reported %q, want %q", reported, tt.want)
			}
		})
	}
}

// call makes one call and returns what was reported of it.
func call(t *testing.T, method, path, body string, status int, answer string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	check, err := openapi.Load(t.Context(), "../../../docs/openapi/currents.yaml", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	var reported strings.Builder
	check.Next, check.Report = server.Client().Transport, func(err error) { reported.WriteString(err.Error()) }
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer k")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := check.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(resp.Body); string(got) != answer {
		t.Errorf("the answer became %q, want %q", got, answer)
	}
	return reported.String()
}

// A description that is none is refused.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	if _, err := openapi.Load(context.Background(), "openapi_test.go", "http://127.0.0.1"); err == nil {
		t.Error("a Go file was read as a description")
	}
}
