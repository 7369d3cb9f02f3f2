// Package hooks keeps webhooks at the services that send them: one by one, or
// as a rules file wants them.
package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/currents"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/poll"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Webhook is a webhook in the one form of all services.
type Webhook struct {
	ID     string   `json:"id"`
	URL    string   `json:"url"`
	Events []string `json:"events"`
	// Label is Currents' only.
	Label   string                   `json:"label,omitempty"`
	Headers map[string]secret.String `json:"headers,omitempty"`
	// Secret signs what Bitrise sends, and is never told again.
	Secret    secret.String `json:"-"`
	CreatedAt time.Time     `json:"created_at,omitzero"`
	UpdatedAt time.Time     `json:"updated_at,omitzero"`
}

// Hidden is the webhook as anybody may see it: other people's addresses can hold
// a password or a key.
func (w Webhook) Hidden() Webhook {
	w.URL = shown(w.URL)
	return w
}

// Revealed is a webhook whose headers are written out.
type Revealed Webhook

// MarshalJSON implements [json.Marshaler].
func (w Revealed) MarshalJSON() ([]byte, error) {
	headers := make(map[string]string, len(w.Headers))
	for name, value := range w.Headers {
		headers[name] = value.Reveal()
	}
	return json.Marshal(struct {
		Webhook
		Headers map[string]string `json:"headers,omitempty"`
	}{Webhook(w), headers})
}

// Change is what is to change of a webhook. Nil stays as it is.
type Change struct {
	URL     *string
	Events  []string
	Label   *string
	Headers map[string]secret.String // empty, but not nil, takes them away
	Secret  *secret.String
}

// whole changes everything into what w is.
func whole(w Webhook) Change {
	headers := w.Headers
	if headers == nil {
		headers = map[string]secret.String{}
	}
	return Change{URL: &w.URL, Events: w.Events, Label: &w.Label, Headers: headers, Secret: &w.Secret}
}

// Place is where webhooks are: a project of Currents, an app of Bitrise.
type Place interface {
	// Check reports what the service would refuse, and asks nobody.
	Check(Webhook) error
	// CheckChange does the same for an update.
	CheckChange(id string, change Change) error
	List(context.Context) ([]Webhook, error)
	Get(ctx context.Context, id string) (Webhook, error)
	Create(context.Context, Webhook) (Webhook, error)
	Update(ctx context.Context, id string, change Change) (Webhook, error)
	Delete(ctx context.Context, id string) error
}

// Account names a place and opens it.
type Account struct {
	// Service is [source.Currents] or [source.Bitrise].
	Service string
	// Holder is the project's ID or the app's slug.
	Holder string
	Token  secret.String
	// APIURL replaces the API's address.
	APIURL string
}

// Services lists those whose webhooks can be kept.
func Services() []string { return []string{source.Bitrise, source.Currents} }

// Open makes the place of an account. Random spreads the waits between tries.
func Open(client *http.Client, random func() float64, a Account) (Place, error) {
	if !slices.Contains(Services(), a.Service) {
		return nil, fmt.Errorf("service %q: want one of %s", a.Service, strings.Join(Services(), ", "))
	}
	retry := &outbound.Poster{
		Tries: 4, Budget: time.Minute,
		Backoff: poll.Jitter(poll.Exponential(time.Second, 20*time.Second), random), Sleep: poll.Sleep,
	}
	if a.Service == source.Bitrise {
		return bitrisePlace{&bitrise.Client{HTTP: client, BaseURL: a.APIURL, Token: a.Token, Retry: retry}, a.Holder}, nil
	}
	return currentsPlace{&currents.Client{HTTP: client, BaseURL: a.APIURL, Key: a.Token, Retry: retry}, a.Holder}, nil
}

// Check reports all that is missing or wrong, but for the token. Currents finds
// a webhook without its project.
func (a Account) Check(needsHolder bool) error {
	var errs []error
	switch {
	case !slices.Contains(Services(), a.Service):
		errs = append(errs, fmt.Errorf("service %q: want one of %s", a.Service, strings.Join(Services(), ", ")))
	case a.Holder == "" && a.Service == source.Bitrise:
		errs = append(errs, errors.New("app-slug is missing: want the app of the webhooks"))
	case a.Holder == "" && needsHolder:
		errs = append(errs, errors.New("project-id is missing: want the project of the webhooks"))
	}
	if u, err := url.Parse(a.APIURL); a.APIURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && bugster.IsLoopback(u.Hostname()))) {
		errs = append(errs, fmt.Errorf("API address %q: want https, since a key goes there; http is for localhost", a.APIURL))
	}
	return errors.Join(errs...)
}
