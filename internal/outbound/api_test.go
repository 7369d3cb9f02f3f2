package outbound_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/poll"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// saying answers calls of an API one by one, as "STATUS RETRY-AFTER BODY"; ""
// breaks the connection.
type saying struct {
	answers []string
	calls   int
}

func (s *saying) RoundTrip(req *http.Request) (*http.Response, error) {
	text := s.answers[min(s.calls, len(s.answers)-1)]
	s.calls++
	if text == "" {
		return nil, errReset
	}
	part := strings.SplitN(text, " ", 3)
	status := map[string]int{"200": 200, "404": 404, "429": 429, "500": 500, "503": 503}[part[0]]
	return &http.Response{
		StatusCode: status, Header: http.Header{"Retry-After": {part[1]}}, Body: io.NopCloser(strings.NewReader(part[2])), Request: req,
	}, nil
}

// api is one that asks four times within a minute, waiting one second.
func api(s *saying) outbound.API {
	return outbound.API{
		Service: "Example", Client: &http.Client{Transport: s}, BaseURL: "https://api.test/v1", Key: secret.New(apiKey),
		Most: 1024, Message: func(body []byte) string { return string(body) },
		Retry: &outbound.Poster{Tries: 4, Budget: time.Minute, Backoff: poll.Constant(time.Second), Sleep: poll.Sleep},
	}
}

func TestAPIAsksAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		method  string
		answers []string
		calls   int
		waited  time.Duration
		want    string // of the error; "": none
	}{
		"read, busy":              {"GET", []string{"429 7 x", "200 - {}"}, 2, 7 * time.Second, ""},
		"read, broken":            {"GET", []string{"500 - x", "503 - x", "200 - {}"}, 3, 2 * time.Second, ""},
		"read, broken for good":   {"GET", []string{"500 - x"}, 4, 3 * time.Second, "read thing: Example answered 500: x"},
		"read, too busy":          {"GET", []string{"429 3600 x"}, 1, 0, "read thing: Example answered 429: x (it asks to wait 1h0m0s)"},
		"read, not there":         {"GET", []string{"404 - x"}, 1, 0, "read thing: Example answered 404: x"},
		"write, busy":             {"POST", []string{"503 2 x", "200 - {}"}, 2, 2 * time.Second, ""},
		"write, perhaps done":     {"POST", []string{"500 - x", "200 - {}"}, 1, 0, "read thing: Example answered 500: x"},
		"replacement, broken":     {"PUT", []string{"500 - x", "200 - {}"}, 2, time.Second, ""},
		"deletion, perhaps done":  {"DELETE", []string{"500 - x", "404 - x"}, 2, time.Second, ""},
		"deletion, only busy":     {"DELETE", []string{"429 - x", "404 - x"}, 2, time.Second, "read thing: Example answered 404: x"},
		"deletion of what is not": {"DELETE", []string{"404 - x"}, 1, 0, "read thing: Example answered 404: x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, start := &saying{answers: tt.answers}, time.Now()
				err := api(s).Call(t.Context(), "read thing", tt.method, nil, map[string]string{}, nil, "things", "a/b")
				if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
					t.Errorf("Call() = %v, want %q", err, tt.want)
				}
				if waited := time.Since(start); s.calls != tt.calls || waited != tt.waited {
					t.Errorf("%d calls, waited %s; want %d, %s", s.calls, waited, tt.calls, tt.waited)
				}
			})
		})
	}
}

// Without Retry an API asks once.
func TestAPIAsksOnce(t *testing.T) {
	t.Parallel()
	s := &saying{answers: []string{"503 1 x"}}
	a := api(s)
	a.Retry = nil
	err := a.Call(t.Context(), "read thing", http.MethodGet, nil, nil, nil, "things")
	var e *outbound.APIError
	if !errors.As(err, &e) || !e.Temporary() || e.After != time.Second || s.calls != 1 {
		t.Errorf("Call() = %v after %d calls", err, s.calls)
	}
}

// What the service quotes is shown without the key and what else is secret.
func TestAPIHidesSecrets(t *testing.T) {
	t.Parallel()
	a := api(&saying{answers: []string{"404 - no " + apiKey + " and no swordfish"}})
	a.Hide = []secret.String{{}, secret.New("swordfish")}
	err := a.Call(t.Context(), "read thing", http.MethodGet, nil, nil, nil, "things")
	if err == nil || !strings.HasSuffix(err.Error(), "no *** and no ***") {
		t.Errorf("Call() = %v", err)
	}
}

// What the service says is one line of reasonable length, and moves no cursor.
func TestAPIShowsOneLine(t *testing.T) {
	t.Parallel()
	a := api(&saying{answers: []string{"404 - no\r\n\x1b[2Jthing " + strings.Repeat("é", 1000)}})
	err := a.Call(t.Context(), "read thing", http.MethodGet, nil, nil, nil, "things")
	want := "read thing: Example answered 404: no [2Jthing " + strings.Repeat("é", 500-len("no [2Jthing ")) + "…"
	if err == nil || err.Error() != want {
		t.Errorf("Call() = %v, want %q", err, want)
	}
}

// An identifier cannot lead to another path.
func TestAPIRefusesIdentifiers(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", ".", ".."} {
		s := &saying{}
		err := api(s).Call(t.Context(), "read thing", http.MethodGet, nil, nil, nil, "things", id)
		if err == nil || !strings.Contains(err.Error(), "want one that can be part of an address") || s.calls != 0 {
			t.Errorf("%q: %v", id, err)
		}
	}
}
