package bitrise_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/bitrise"
)

// answering answers every request with the same bytes.
type answering []byte

func (a answering) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusCreated, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a))), Request: req}, nil
}

func created(t *testing.T, body []byte) (bitrise.Webhook, error) {
	c := &bitrise.Client{HTTP: &http.Client{Transport: answering(body)}}
	return c.CreateWebhook(t.Context(), "app", bitrise.WebhookSpec{URL: "https://relay.example.com"})
}

// FuzzEnvelope: a webhook is the same inside {"data": …} and without, and bytes
// that are none are an error.
func FuzzEnvelope(f *testing.F) {
	f.Add("01J", "https://relay.example.com", "X-Key", []byte(`{"data": {"slug": "1"}}`))
	f.Add("", "\u2028", "", []byte(`{"data": null}`))
	f.Add("data", "{}", "data", []byte(`[1]`))
	f.Fuzz(func(t *testing.T, slug, address, name string, raw []byte) {
		if !json.Valid(raw) {
			if w, err := created(t, raw); err == nil {
				t.Errorf("%q was read as %+v", raw, w)
			}
		}
		if !utf8.ValidString(slug) || !utf8.ValidString(address) || !utf8.ValidString(name) {
			return
		}
		item := map[string]any{"slug": slug, "url": address, "events": []string{"all"}, "headers": map[string]string{name: "v"}}
		bare, err1 := json.Marshal(item)
		wrapped, err2 := json.Marshal(map[string]any{"data": item})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		one, err1 := created(t, bare)
		other, err2 := created(t, wrapped)
		if err1 != nil || err2 != nil || one.Slug != slug || one.URL != address || one.Headers[name].Reveal() != "v" {
			t.Errorf("%s was read as %+v, %v, %v", bare, one, err1, err2)
		}
		one.Headers, other.Headers = nil, nil
		if diff := cmp.Diff(one, other); diff != "" {
			t.Errorf("without and with an envelope:\n%s", diff)
		}
	})
}
