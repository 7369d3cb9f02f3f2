// Package currents is a client of Currents' API, as far as this project needs
// it: runs, and the webhooks that report them. It asks once; when to ask again
// is the caller's business.
package currents

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

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
}

// call makes one request and reads the data of the answer into out, if it is
// not nil.
func (c *Client) call(ctx context.Context, op, method string, query url.Values, in, out any, path ...string) error {
	api := outbound.API{
		Service: "Currents", Client: c.HTTP, BaseURL: cmp.Or(c.BaseURL, defaultURL),
		Scheme: "Bearer ", Key: c.Key, Most: mostAnswer, Message: message,
	}
	if out != nil {
		out = &struct{ Data any }{out}
	}
	return api.Call(ctx, op, method, query, in, out, path...)
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
