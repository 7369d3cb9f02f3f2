// Package bitrise is a client of Bitrise's API, as far as this project needs
// it: builds, and the webhooks that report them.
package bitrise

import (
	"cmp"
	"encoding/json"
	"net/http"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

const (
	defaultURL = "https://api.bitrise.io/v0.1"
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
	// Retry says how often and when to ask again; nil asks once.
	Retry *outbound.Poster

	hide []secret.String // what a request holds
}

// api is how the service is called.
func (c *Client) api() outbound.API {
	return outbound.API{
		Service: "Bitrise", Client: c.HTTP, BaseURL: cmp.Or(c.BaseURL, defaultURL),
		Key: c.Token, Most: mostAnswer, Hide: c.hide, Message: message, Retry: c.Retry,
	}
}

// message reads what the API says about an error, which has been called by two
// names.
func message(body []byte) string {
	var said struct {
		Message string `json:"message"`
		Old     string `json:"error_msg"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	return cmp.Or(said.Message, said.Old)
}
