package currents_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/currents"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// FuzzHeaders: what is written is read again, whatever is read is not shown,
// and nothing of it is lost.
func FuzzHeaders(f *testing.F) {
	f.Add(`{"Authorization": "Bearer swordfish"}`, "X-Key", "s")
	f.Add(`{"X-Number": 1, "X-Null": null, "X-List": ["a", {"b": 1.50}]}`, "", "<&>")
	f.Add(`not JSON`, "a", "\"")
	f.Add(`null`, "a", "\u2028")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		read := currents.ParseHeaders(text)
		if json.Valid([]byte(text)) == false && text != "" && read[""].Reveal() != text {
			t.Errorf("ParseHeaders(%q) lost the text", text)
		}
		if shown := fmt.Sprintf("%+v %#v", read, read); len(text) > 12 && strings.Contains(shown, text) {
			t.Errorf("ParseHeaders(%q) is shown: %s", text, shown)
		}
		if !utf8.ValidString(name) || !utf8.ValidString(value) || value == "" {
			return // JSON cannot say it; an empty value is no secret
		}
		written := currents.Headers{name: secret.New(value)}
		if diff := cmp.Diff(plain(written), plain(currents.ParseHeaders(written.Text()))); diff != "" {
			t.Errorf("read again (-written +read):\n%s", diff)
		}
	})
}

func plain(h currents.Headers) map[string]string {
	revealed := map[string]string{}
	for name, value := range h {
		revealed[name] = value.Reveal()
	}
	return revealed
}

// answering answers every request with the same bytes.
type answering []byte

func (a answering) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a))), Request: req}, nil
}

// FuzzAnswer: whatever comes as a list of webhooks is a list or an error, which
// does not quote the headers; and an answer that says that it failed is one.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"status": "OK", "data": [{"hookId": "h", "headers": "{\"X-Key\": \"swordfish\"}"}]}`))
	f.Add([]byte(`{"status": "FAILED", "error": "no"}`))
	f.Add([]byte(`{"status": "OK", "data": [{"headers": {"X-Key": "swordfish"}}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := &currents.Client{HTTP: &http.Client{Transport: answering(body)}, Key: secret.New(key)}
		found, err := c.Webhooks(t.Context(), "p")
		if err != nil && strings.Contains(err.Error(), "swordfish") && !strings.Contains(string(body), "FAILED") {
			t.Errorf("the error quotes a header: %v", err)
		}
		var said struct{ Status string }
		if json.Unmarshal(body, &said) == nil && said.Status == "FAILED" && err == nil {
			t.Errorf("a failure was read as %v", found)
		}
	})
}
