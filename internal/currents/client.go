// Package currents is a client of Currents' API, as far as this project needs
// it: runs, and the webhooks that report them.
package currents

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const (
	defaultURL = "https://api.currents.dev/v1"
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
	// Retry says how often and when to ask again; nil asks once.
	Retry *outbound.Poster

	hide []secret.String // what a request holds
}

// hiding is the client for a request with these headers.
func (c *Client) hiding(h Headers) *Client {
	clone := *c
	clone.hide = slices.Collect(maps.Values(h))
	return &clone
}

// api is how the service is called.
func (c *Client) api() outbound.API {
	return outbound.API{
		Service: "Currents", Client: c.HTTP, BaseURL: cmp.Or(c.BaseURL, defaultURL),
		Scheme: "Bearer ", Key: c.Key, Most: mostAnswer, Hide: c.hide, Message: message, Retry: c.Retry,
	}
}

// page is what an answer holds: the data, and whether there is more of it.
type page[T any] struct {
	Status string
	Error  string
	Data   T
	More   bool `json:"has_more"`
}

// call makes one request and reads the answer.
func call[T any](ctx context.Context, c *Client, op, method string, query url.Values, in any, path ...string) (page[T], error) {
	var answer page[T]
	err := c.api().Call(ctx, op, method, query, in, &answer, path...)
	if err == nil && answer.Status == "FAILED" {
		err = fmt.Errorf("%s: Currents answered: %s", op, c.api().Shown(answer.Error))
	}
	return answer, err
}

// message reads what the API says about an error.
func message(body []byte) string {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	return said.Error
}
