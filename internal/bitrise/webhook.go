package bitrise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Webhook is one outgoing webhook of an app. Its secret is never told again.
type Webhook struct {
	Slug    string                   `json:"slug"`
	URL     string                   `json:"url"`
	Events  []string                 `json:"events"`
	Headers map[string]secret.String `json:"-"`
	// ByAddon tells that an add-on of the app made it.
	ByAddon   bool      `json:"registered_by_addon"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// UnmarshalJSON implements [json.Unmarshaler]: the headers become secrets.
func (w *Webhook) UnmarshalJSON(text []byte) error {
	type plain Webhook
	read := struct {
		*plain
		Headers map[string]string `json:"headers"`
	}{plain: (*plain)(w)}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	if len(read.Headers) > 0 {
		w.Headers = make(map[string]secret.String, len(read.Headers))
	}
	for name, value := range read.Headers {
		w.Headers[name] = secret.New(value)
	}
	return nil
}

// Events are what a webhook can report: builds, or whatever else there will be.
func Events() []string { return []string{"build", "all"} }

// WebhookSpec is what a webhook is to be. An update replaces all of it.
type WebhookSpec struct {
	URL string
	// Events are "all" or "build"; none is "build".
	Events []string
	// Secret signs the deliveries.
	Secret secret.String
	// Headers go along with each delivery.
	Headers map[string]secret.String
}

// Check reports everything that the API would refuse. It documents no limits.
func (s WebhookSpec) Check() error {
	var errs []error
	if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		errs = append(errs, fmt.Errorf("url %q: want an address such as https://relay.example.com/hooks/ci", s.URL))
	}
	for _, event := range s.Events {
		if !slices.Contains(Events(), event) {
			errs = append(errs, fmt.Errorf("event %q: want one of %s", event, strings.Join(Events(), ", ")))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			errs = append(errs, fmt.Errorf("header name %q: want letters, digits and dashes", name))
		case !httpguts.ValidHeaderFieldValue(s.Headers[name].Reveal()):
			errs = append(errs, fmt.Errorf("header %s: want a value without line ends and control characters", name))
		}
	}
	return errors.Join(errs...)
}

func (s WebhookSpec) wire() any {
	headers := make(map[string]string, len(s.Headers))
	for name, value := range s.Headers {
		headers[name] = value.Reveal()
	}
	events := s.Events
	if len(events) == 0 {
		events = []string{"build"}
	}
	return map[string]any{"url": s.URL, "events": events, "secret": s.Secret.Reveal(), "headers": headers}
}

// Webhooks lists an app's webhooks, all pages of them.
func (c *Client) Webhooks(ctx context.Context, app string) ([]Webhook, error) {
	return pages[Webhook](ctx, c, nil, "list webhooks", "apps", app, "outgoing-webhooks")
}

// CreateWebhook makes a webhook.
func (c *Client) CreateWebhook(ctx context.Context, app string, spec WebhookSpec) (Webhook, error) {
	return c.write(ctx, "create webhook", http.MethodPost, spec, "apps", app, "outgoing-webhooks")
}

// UpdateWebhook replaces a webhook.
func (c *Client) UpdateWebhook(ctx context.Context, app, webhook string, spec WebhookSpec) (Webhook, error) {
	return c.write(ctx, "update webhook", http.MethodPut, spec, "apps", app, "outgoing-webhooks", webhook)
}

func (c *Client) write(ctx context.Context, op, method string, spec WebhookSpec, path ...string) (Webhook, error) {
	if err := spec.Check(); err != nil {
		return Webhook{}, fmt.Errorf("%s: %w", op, err)
	}
	hiding := *c
	hiding.hide = append(slices.Collect(maps.Values(spec.Headers)), spec.Secret)
	var answer enveloped[Webhook]
	err := hiding.api().Call(ctx, op, method, nil, spec.wire(), &answer, path...)
	return answer.Data, err
}

// DeleteWebhook takes a webhook away.
func (c *Client) DeleteWebhook(ctx context.Context, app, webhook string) error {
	return c.api().Call(ctx, "delete webhook", http.MethodDelete, nil, nil, nil, "apps", app, "outgoing-webhooks", webhook)
}
