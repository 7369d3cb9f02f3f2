package currents

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// The API's limits, in characters.
const (
	mostURL   = 2048
	mostLabel = 255
)

// Events are what a webhook can report. A webhook that is made without any has
// none, or all: the documentation does not say, so they are always sent.
func Events() []string {
	return []string{"RUN_START", "RUN_FINISH", "RUN_TIMEOUT", "RUN_CANCELED"}
}

// Webhook is one webhook of a project.
type Webhook struct {
	ID        string    `json:"hookId"`
	ProjectID string    `json:"projectId"`
	URL       string    `json:"url"`
	Events    []string  `json:"hookEvents"`
	Label     string    `json:"label"`
	Headers   Headers   `json:"headers"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// WebhookSpec is what a webhook is to be.
type WebhookSpec struct {
	URL     string
	Label   string   // "" is none
	Events  []string // none is all of [Events]
	Headers Headers
}

// Check reports everything that the API would refuse.
func (s WebhookSpec) Check() error {
	return WebhookChange{URL: &s.URL, Label: &s.Label, Events: s.Events, Headers: &s.Headers}.Check()
}

func (s WebhookSpec) wire() map[string]any {
	events := s.Events
	if len(events) == 0 {
		events = Events()
	}
	wire := map[string]any{"url": s.URL, "hookEvents": events}
	if len(s.Headers) > 0 {
		wire["headers"] = s.Headers.Text()
	}
	if s.Label != "" {
		wire["label"] = s.Label
	}
	return wire
}

// WebhookChange is what is to change of a webhook. Nil stays as it is.
type WebhookChange struct {
	URL     *string
	Label   *string // "" takes it away
	Events  []string
	Headers *Headers // none takes them away
}

// Check reports everything that the API would refuse.
func (w WebhookChange) Check() error {
	var errs []error
	if w.URL != nil {
		u, err := url.Parse(*w.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			errs = append(errs, fmt.Errorf("url %q: want an address such as https://relay.example.com/hooks/e2e", *w.URL))
		}
		if n := utf8.RuneCountInString(*w.URL); n > mostURL {
			errs = append(errs, fmt.Errorf("url takes %d characters: want %d at most", n, mostURL))
		}
	}
	if w.Label != nil && utf8.RuneCountInString(*w.Label) > mostLabel {
		errs = append(errs, fmt.Errorf("label takes %d characters: want %d at most", utf8.RuneCountInString(*w.Label), mostLabel))
	}
	for _, event := range w.Events {
		if !slices.Contains(Events(), event) {
			errs = append(errs, fmt.Errorf("event %q: want one of %s", event, strings.Join(Events(), ", ")))
		}
	}
	if w.Headers != nil {
		errs = append(errs, w.Headers.check()...)
	}
	return errors.Join(errs...)
}

func (w WebhookChange) wire() map[string]any {
	wire := map[string]any{}
	if w.URL != nil {
		wire["url"] = *w.URL
	}
	if w.Events != nil {
		wire["hookEvents"] = w.Events
	}
	if w.Label != nil {
		wire["label"] = orNull(*w.Label)
	}
	if w.Headers != nil {
		wire["headers"] = nil
		if len(*w.Headers) > 0 {
			wire["headers"] = w.Headers.Text()
		}
	}
	return wire
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Webhooks lists a project's webhooks. The API has no pages of them.
func (c *Client) Webhooks(ctx context.Context, project string) ([]Webhook, error) {
	query, err := ofProject(project)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	answer, err := call[[]Webhook](ctx, c, "list webhooks", http.MethodGet, query, nil, "webhooks")
	return answer.Data, err
}

// Webhook returns one webhook.
func (c *Client) Webhook(ctx context.Context, id string) (Webhook, error) {
	if err := CheckID(id); err != nil {
		return Webhook{}, fmt.Errorf("get webhook: %w", err)
	}
	answer, err := call[Webhook](ctx, c, "get webhook", http.MethodGet, nil, nil, "webhooks", id)
	return answer.Data, err
}

// CreateWebhook makes a webhook.
func (c *Client) CreateWebhook(ctx context.Context, project string, spec WebhookSpec) (Webhook, error) {
	query, err := ofProject(project)
	if err := errors.Join(err, spec.Check()); err != nil {
		return Webhook{}, fmt.Errorf("create webhook: %w", err)
	}
	answer, err := call[Webhook](ctx, c.hiding(spec.Headers), "create webhook", http.MethodPost, query, spec.wire(), "webhooks")
	return answer.Data, err
}

// UpdateWebhook changes a webhook, and leaves the rest of it as it is.
func (c *Client) UpdateWebhook(ctx context.Context, id string, change WebhookChange) (Webhook, error) {
	wire := change.wire()
	err := errors.Join(CheckID(id), change.Check())
	if len(wire) == 0 {
		err = errors.Join(err, errors.New("nothing is to change: want a URL, a label, events or headers"))
	}
	if err != nil {
		return Webhook{}, fmt.Errorf("update webhook: %w", err)
	}
	if change.Headers != nil {
		c = c.hiding(*change.Headers)
	}
	answer, err := call[Webhook](ctx, c, "update webhook", http.MethodPut, nil, wire, "webhooks", id)
	return answer.Data, err
}

// DeleteWebhook takes a webhook away.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	if err := CheckID(id); err != nil {
		return fmt.Errorf("delete webhook: %w", err)
	}
	return c.api().Call(ctx, "delete webhook", http.MethodDelete, nil, nil, nil, "webhooks", id)
}

func ofProject(project string) (url.Values, error) {
	if project == "" {
		return nil, errors.New("project is missing: want its ID, from Project Settings")
	}
	return url.Values{"projectId": {project}}, nil
}

// CheckID reports whether a webhook can have this identifier.
func CheckID(id string) error {
	const length = 36 // uuid takes other spellings, too
	if len(id) != length || uuid.Validate(id) != nil {
		return fmt.Errorf("webhook %q: want a UUID such as 550e8400-e29b-41d4-a716-446655440000", id)
	}
	return nil
}
