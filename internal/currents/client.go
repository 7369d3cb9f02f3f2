// Package currents is a client of Currents' API, as far as this project needs
// it: runs, and the webhooks that report them. It asks once; when to ask again
// is the caller's business.
package currents

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

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const (
	defaultURL = "https://api.currents.dev/v1"
	callLimit  = 30 * time.Second
	mostAnswer = 16 << 20 // a run lists its specs
)

// Client calls the API.
type Client struct {
	// HTTP leaves through the program's proxy and certificates.
	HTTP *http.Client
	// BaseURL replaces the API's address.
	BaseURL string
	// Key is an organization's API key. A read-only one may read runs and
	// webhooks.
	Key secret.String
}

// Error is an answer other than the one asked for.
type Error struct {
	// Op is what was tried ("get run").
	Op string
	// Status is the HTTP status.
	Status int
	// Message is what Currents said about it.
	Message string
	// After is how long it asked to be left alone.
	After time.Duration
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: Currents answered %d", e.Op, e.Status)
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Temporary reports whether another try may fare better.
func (e *Error) Temporary() bool {
	return e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// call makes one request and reads the data of the answer into out, if it is
// not nil. The key goes to the API's own host: a redirect is an error.
func (c *Client) call(ctx context.Context, op, method string, query url.Values, in, out any, path ...string) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return fmt.Errorf("%s: write the request: %w", op, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.address(query, path), &body)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key.Reveal())
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := *cmp.Or(c.HTTP, http.DefaultClient)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := outbound.Fetch(ctx, &client, req, callLimit, mostAnswer)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if answer.Status/100 != 2 {
		after, _ := outbound.RetryAfter(answer.Header, time.Now())
		return &Error{Op: op, Status: answer.Status, Message: c.message(answer.Body), After: after}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Body, &struct{ Data any }{out}); err != nil {
		return fmt.Errorf("%s: read the answer: %w", op, err)
	}
	return nil
}

func (c *Client) address(query url.Values, path []string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(cmp.Or(c.BaseURL, defaultURL), "/"))
	for _, part := range path {
		b.WriteString("/" + url.PathEscape(part))
	}
	if len(query) > 0 {
		b.WriteString("?" + query.Encode())
	}
	return b.String()
}

// message reads what the API says about an error.
func (c *Client) message(body []byte) string {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	if c.Key.IsZero() {
		return said.Error
	}
	return strings.ReplaceAll(said.Error, c.Key.Reveal(), "***")
}
