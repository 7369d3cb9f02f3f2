package outbound

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// apiLimit is the time for one call of an [API].
const apiLimit = 30 * time.Second

// API is a service's JSON API.
type API struct {
	// Service is its name, for people.
	Service string
	// Client leaves through the program's proxy and certificates.
	Client *http.Client
	// BaseURL is where the paths of calls begin.
	BaseURL string
	// Key goes into the Authorization header, after Scheme.
	Scheme string
	Key    secret.String
	// Most is the largest answer read, in bytes.
	Most int64
	// Hide lists further secrets that the request holds, and that the service
	// may quote.
	Hide []secret.String
	// Message reads what the service says about an error.
	Message func(body []byte) string
	// Retry says how often and when to ask again. Nil asks once, and leaves
	// that to the caller.
	Retry *Poster
}

// APIError is an answer other than the one asked for.
type APIError struct {
	Service string
	// Op is what was tried ("get build").
	Op string
	// Status is the HTTP status.
	Status int
	// Message is what the service said about it.
	Message string
	// After is how long it asked to be left alone.
	After time.Duration
}

// Error implements error.
func (e *APIError) Error() string {
	text := fmt.Sprintf("%s: %s answered %d", e.Op, e.Service, e.Status)
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.After > 0 {
		text += fmt.Sprintf(" (it asks to wait %s)", e.After.Round(time.Second))
	}
	return text
}

// Temporary reports whether another try may fare better.
func (e *APIError) Temporary() bool {
	return e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// Call makes one request, with in as its body if it is not nil, and reads the
// answer into out, if that is not nil. The key goes to the API's own host: a
// redirect is an error.
func (a API) Call(ctx context.Context, op, method string, query url.Values, in, out any, path ...string) error {
	answer, err := a.fetch(ctx, method, func(ctx context.Context) (*http.Request, error) {
		return a.request(ctx, method, query, in, path)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if answer.Status/100 != 2 {
		after, _ := RetryAfter(answer.Header, time.Now())
		return &APIError{Service: a.Service, Op: op, Status: answer.Status, Message: a.Shown(a.Message(answer.Body)), After: after}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return fmt.Errorf("%s: read the answer: %w", op, err)
	}
	return nil
}

// fetch makes the request that build writes, and again as far as Retry allows.
// What is no POST does the same however often it is carried out.
func (a API) fetch(ctx context.Context, method string, build func(context.Context) (*http.Request, error)) (Answer, error) {
	client := *cmp.Or(a.Client, http.DefaultClient)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if a.Retry == nil {
		req, err := build(ctx)
		if err != nil {
			return Answer{}, err
		}
		return Fetch(ctx, &client, req, apiLimit, a.Most)
	}
	p := *a.Retry
	p.Client, p.Limit, p.Most = &client, apiLimit, a.Most
	if method != http.MethodPost {
		p.Ambiguous = p.Tries
	}
	answer, attempts, err := p.Post(ctx, build)
	if errors.Is(err, ErrTooLong) {
		err = nil // the answer itself says for how long
	}
	if method == http.MethodDelete && answer.Status == http.StatusNotFound && slices.ContainsFunc(attempts, func(a Attempt) bool { return a.Ambiguous }) {
		answer.Status = http.StatusOK // an earlier try did it
	}
	return answer, err
}

func (a API) request(ctx context.Context, method string, query url.Values, in any, path []string) (*http.Request, error) {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
	}
	for _, part := range path {
		if part == "" || part == "." || part == ".." { // it would make another path
			return nil, fmt.Errorf("identifier %q: want one that can be part of an address", part)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, a.address(query, path), &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", a.Scheme+a.Key.Reveal())
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

func (a API) address(query url.Values, path []string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(a.BaseURL, "/"))
	for _, part := range path {
		b.WriteString("/" + url.PathEscape(part))
	}
	if len(query) > 0 {
		b.WriteString("?" + query.Encode())
	}
	return b.String()
}

// mostShown is how much is shown of what a service says, in characters.
const mostShown = 500

// Shown is what the service says as people may see it: without the key and
// whatever else is secret, in one line, and not for ever.
func (a API) Shown(text string) string {
	for _, one := range append([]secret.String{a.Key}, a.Hide...) {
		if !one.IsZero() {
			text = strings.ReplaceAll(text, one.Reveal(), "***")
		}
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if said := []rune(text); len(said) > mostShown {
		return string(said[:mostShown]) + "…"
	}
	return text
}
