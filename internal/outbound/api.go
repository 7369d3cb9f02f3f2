package outbound

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// apiLimit is the time for one call of an [API].
const apiLimit = 30 * time.Second

// API is a service's JSON API. Each call asks once; when to ask again is the
// caller's business.
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
	// Message reads what the service says about an error.
	Message func(body []byte) string
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
	req, err := a.request(ctx, method, query, in, path)
	if err != nil {
		return fmt.Errorf("%s: write the request: %w", op, err)
	}
	client := *cmp.Or(a.Client, http.DefaultClient)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := Fetch(ctx, &client, req, apiLimit, a.Most)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if answer.Status/100 != 2 {
		after, _ := RetryAfter(answer.Header, time.Now())
		return &APIError{Service: a.Service, Op: op, Status: answer.Status, Message: a.message(answer.Body), After: after}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return fmt.Errorf("%s: read the answer: %w", op, err)
	}
	return nil
}

func (a API) request(ctx context.Context, method string, query url.Values, in any, path []string) (*http.Request, error) {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return nil, err
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

// message is what the service says about an error, without the key.
func (a API) message(body []byte) string {
	text := a.Message(body)
	if a.Key.IsZero() {
		return text
	}
	return strings.ReplaceAll(text, a.Key.Reveal(), "***")
}
