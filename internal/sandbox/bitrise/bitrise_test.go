package bitrise_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/bitrise"
)

const list = "/apps/app/outgoing-webhooks"

func fake() *bitrise.Fake {
	return bitrise.New(bitrise.Script{Apps: []string{"app"}, Webhooks: []bitrise.Webhook{{
		Slug: "h1", URL: "https://a.example.com", Events: []string{"build"}, Secret: "swordfish",
		Deliveries: []bitrise.Delivery{{Slug: "d1", Payload: `{"build_slug":"b"}`}, {Slug: "d2", Status: 200}},
	}}})
}

// ask makes one call with a token.
func ask(f http.Handler, token, method, path, body string) (int, string) {
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Authorization", token)
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
	const good = `{"url": "https://a.example.com", "events": ["build"], "secret": "", "headers": {}}`
	tests := map[string]struct {
		token, method, path, body string
		status                    int
		want                      string
	}{
		"no token":      {"", "GET", list, "", 401, "Unauthorized"},
		"bearer":        {"Bearer " + bitrise.DefaultToken, "GET", list, "", 401, "Unauthorized"},
		"other app":     {bitrise.DefaultToken, "POST", "/apps/other/outgoing-webhooks", good, 404, "Not Found"},
		"other webhook": {bitrise.DefaultToken, "PUT", list + "/h2", good, 404, "Not Found"},
		"other item":    {bitrise.DefaultToken, "POST", list + "/h1/delivery-items/d3/redeliver", "", 404, "Not Found"},
		"part of it":    {bitrise.DefaultToken, "PUT", list + "/h1", `{"url": "https://b.example.com"}`, 400, "events is required"},
		"no secret":     {bitrise.DefaultToken, "POST", list, `{"url": "https://b.example.com", "events": ["all"]}`, 400, "secret is required"},
		"no address":    {bitrise.DefaultToken, "POST", list, strings.Replace(good, "https://a.example.com", "a", 1), 400, "url is invalid"},
		"event":         {bitrise.DefaultToken, "POST", list, strings.Replace(good, `"build"`, `"push"`, 1), 400, `"push" is invalid`},
		"header":        {bitrise.DefaultToken, "POST", list, strings.Replace(good, `{}`, `{"X": 1}`, 1), 400, "body:"},
		"unknown field": {bitrise.DefaultToken, "POST", list, strings.Replace(good, `"url"`, `"label": "x", "url"`, 1), 400, `unknown field "label"`},
		"limit":         {bitrise.DefaultToken, "GET", list + "?limit=51", "", 400, "limit"},
		"next":          {bitrise.DefaultToken, "GET", list + "?next=h9", "", 400, "next is unknown"},
		"method":        {bitrise.DefaultToken, "PATCH", list + "/h1", good, 404, "Cannot PATCH"},
		"single":        {bitrise.DefaultToken, "GET", list + "/h1", "", 404, "Cannot GET"},
		"other build":   {bitrise.DefaultToken, "GET", "/apps/app/builds/b", "", 404, "Not Found"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fake()
			_, before := ask(f, bitrise.DefaultToken, "GET", list, "")
			status, body := ask(f, tt.token, tt.method, tt.path, tt.body)
			var said struct{ Message string }
			if err := json.Unmarshal([]byte(body), &said); err != nil || status != tt.status || !strings.Contains(said.Message, tt.want) {
				t.Errorf("answer %d %s, want %d %q", status, body, tt.status, tt.want)
			}
			if _, after := ask(f, "token "+bitrise.DefaultToken, "GET", list, ""); after != before || strings.Contains(after, "swordfish") {
				t.Errorf("it was done all the same, or a secret told (-before +after):\n%s", cmp.Diff(before, after))
			}
		})
	}
}

// Deliveries of a script are there, and one without an answer has no status.
func TestDeliveriesOfAScript(t *testing.T) {
	t.Parallel()
	status, body := ask(fake(), bitrise.DefaultToken, "GET", list+"/h1/delivery-items", "")
	var page struct {
		Data []struct {
			Slug    string `json:"slug"`
			Payload string `json:"request_payload"`
			Headers string `json:"request_headers"`
			Status  *int   `json:"response_http_status"`
		}
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil || status != 200 || len(page.Data) != 2 {
		t.Fatalf("answer %d %s", status, body)
	}
	first := page.Data[0]
	if first.Payload != `{"build_slug":"b"}` || first.Status != nil || *page.Data[1].Status != 200 || !strings.Contains(first.Headers, "Bitrise-Hook-Signature: sha256=") {
		t.Errorf("deliveries %s", body)
	}
}
