package currents

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Events are what a webhook can report. A webhook that is made without any has
// none, or all: the documentation does not say, so they are always sent.
func Events() []string {
	return []string{"RUN_START", "RUN_FINISH", "RUN_TIMEOUT", "RUN_CANCELED"}
}

// Webhook is one webhook of a project.
type Webhook struct {
	ID        string   `json:"hookId"`
	ProjectID string   `json:"projectId"`
	URL       string   `json:"url"`
	Events    []string `json:"hookEvents"`
	Label     string   `json:"label"`
	// Headers go along with each delivery. The API gives them back in clear,
	// the shared secret among them.
	Headers Headers `json:"headers"`
}

// Headers are a webhook's own headers.
type Headers map[string]secret.String

// UnmarshalJSON implements [json.Unmarshaler]: the API has headers as an object
// written into a text.
func (h *Headers) UnmarshalJSON(text []byte) error {
	var inner string
	if err := json.Unmarshal(text, &inner); err != nil || inner == "" {
		return err
	}
	var plain map[string]string
	if json.Unmarshal([]byte(inner), &plain) != nil {
		return fmt.Errorf("headers are no JSON object") // the text itself is a secret
	}
	*h = make(Headers, len(plain))
	for name, value := range plain {
		(*h)[name] = secret.New(value)
	}
	return nil
}

// WebhookSpec is what a webhook is to be.
type WebhookSpec struct {
	URL     string
	Label   string
	Events  []string // none is all of [Events]
	Headers Headers
}

func (s WebhookSpec) wire() (any, error) {
	plain := make(map[string]string, len(s.Headers))
	for name, value := range s.Headers {
		plain[name] = value.Reveal()
	}
	headers, err := json.Marshal(plain)
	if err != nil {
		return nil, err
	}
	const most = 4096
	if len(headers) > most {
		return nil, fmt.Errorf("headers take %d characters: want %d at most", len(headers), most)
	}
	events := s.Events
	if len(events) == 0 {
		events = Events()
	}
	wire := map[string]any{"url": s.URL, "hookEvents": events, "headers": string(headers)}
	if s.Label != "" {
		wire["label"] = s.Label
	}
	return wire, nil
}

// Webhooks lists a project's webhooks.
func (c *Client) Webhooks(ctx context.Context, project string) ([]Webhook, error) {
	var found []Webhook
	err := c.call(ctx, "list webhooks", http.MethodGet, url.Values{"projectId": {project}}, nil, &found, "webhooks")
	return found, err
}

// Webhook returns one webhook.
func (c *Client) Webhook(ctx context.Context, id string) (Webhook, error) {
	var found Webhook
	err := c.call(ctx, "get webhook", http.MethodGet, nil, nil, &found, "webhooks", id)
	return found, err
}

// CreateWebhook makes a webhook.
func (c *Client) CreateWebhook(ctx context.Context, project string, spec WebhookSpec) (Webhook, error) {
	wire, err := spec.wire()
	if err != nil {
		return Webhook{}, fmt.Errorf("create webhook: %w", err)
	}
	var made Webhook
	err = c.call(ctx, "create webhook", http.MethodPost, url.Values{"projectId": {project}}, wire, &made, "webhooks")
	return made, err
}

// UpdateWebhook changes a webhook.
func (c *Client) UpdateWebhook(ctx context.Context, id string, spec WebhookSpec) (Webhook, error) {
	wire, err := spec.wire()
	if err != nil {
		return Webhook{}, fmt.Errorf("update webhook: %w", err)
	}
	var changed Webhook
	err = c.call(ctx, "update webhook", http.MethodPut, nil, wire, &changed, "webhooks", id)
	return changed, err
}

// DeleteWebhook takes a webhook away.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	return c.call(ctx, "delete webhook", http.MethodDelete, nil, nil, nil, "webhooks", id)
}
