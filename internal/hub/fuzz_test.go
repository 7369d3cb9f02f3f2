package hub_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// FuzzRefusal: whatever GitHub, or a proxy before it, answers to a write that is
// not a success, is an error that names no second line, never the token, and
// tells a rate limit only with a time to come.
func FuzzRefusal(f *testing.F) {
	f.Add(403, "0", "1893456000", "", `{"message":"API rate limit exceeded"}`)
	f.Add(403, "10", "", "60", `{"message":"You have exceeded a secondary rate limit"}`)
	f.Add(422, "", "", "", `{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing"},"text",7]}`)
	f.Add(401, "", "", "", `{"message":"Bad credentials: Bearer t0ken-t0ken"}`)
	f.Add(502, "", "", "", "<html>\n::error::x</html>")
	f.Add(301, "", "", "", "")
	f.Fuzz(func(t *testing.T, status int, remaining, reset, retryAfter, body string) {
		status = 300 + (status%300+300)%300
		start := time.Now()
		c, err := hub.New(hub.Options{BaseURL: base, Auth: hub.Token(secret.New("t0ken-t0ken")), HTTP: &http.Client{
			Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				h := http.Header{}
				h.Set("X-RateLimit-Remaining", remaining)
				h.Set("X-RateLimit-Reset", reset)
				h.Set("Retry-After", retryAfter)
				return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
			}),
		}})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Dispatch(t.Context(), repo, "x", nil)
		var e *hub.Error
		if !errors.As(err, &e) || e.Kind == "" || e.Status != status {
			t.Fatalf("Dispatch answered by %d = %#v, want an error that says so", status, err)
		}
		if strings.ContainsAny(e.Error(), "\n\r") || strings.Contains(e.Error(), "t0ken-t0ken") {
			t.Errorf("error %q, want one line without the token", e)
		}
		if e.Kind == hub.KindRateLimited && e.Until.Before(start) {
			t.Errorf("rate limited until %v, which is over", e.Until)
		}
		if e.Ambiguous && status < 500 {
			t.Errorf("%d counts as ambiguous", status)
		}
	})
}
