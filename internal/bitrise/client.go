// Package bitrise is a client of Bitrise's API, as far as this project needs
// it: builds, and the webhooks that report them. It asks once; when to ask
// again is the caller's business.
package bitrise

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
	defaultURL = "https://api.bitrise.io/v0.1"
	callLimit  = 30 * time.Second
	mostAnswer = 4 << 20
)

// Client calls the API.
type Client struct {
	// HTTP leaves through the program's proxy and certificates.
	HTTP *http.Client
	// BaseURL replaces the API's address.
	BaseURL string
	// Token is a personal or workspace access token.
	Token secret.String
}

// Error is an answer other than the one asked for.
type Error struct {
	// Op is what was tried ("get build").
	Op string
	// Status is the HTTP status.
	Status int
	// Message is what Bitrise said about it.
	Message string
	// After is how long it asked to be left alone.
	After time.Duration
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: Bitrise answered %d", e.Op, e.Status)
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Temporary reports whether another try may fare better.
func (e *Error) Temporary() bool {
	return e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// call makes one request and reads the answer into out, if it is not nil. The
// token goes to the API's own host: a redirect is an error.
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
	req.Header.Set("Authorization", c.Token.Reveal())
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
	if err := json.Unmarshal(answer.Body, out); err != nil {
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

// message reads what the API says about an error, which has been called by two
// names.
func (c *Client) message(body []byte) string {
	var said struct {
		Message string `json:"message"`
		Old     string `json:"error_msg"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	text := cmp.Or(said.Message, said.Old)
	if !c.Token.IsZero() {
		text = strings.ReplaceAll(text, c.Token.Reveal(), "***")
	}
	return text
}
