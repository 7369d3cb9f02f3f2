package bitrise

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Webhook is one outgoing webhook of an app. Its secret is never told again.
type Webhook struct {
	Slug      string    `json:"slug"`
	URL       string    `json:"url"`
	Events    []string  `json:"events"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

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
	return pages[Webhook](ctx, c, "list webhooks", "apps", app, "outgoing-webhooks")
}

// CreateWebhook makes a webhook.
func (c *Client) CreateWebhook(ctx context.Context, app string, spec WebhookSpec) (Webhook, error) {
	var answer enveloped[Webhook]
	err := c.api().Call(ctx, "create webhook", http.MethodPost, nil, spec.wire(), &answer, "apps", app, "outgoing-webhooks")
	return answer.Data, err
}

// UpdateWebhook replaces a webhook.
func (c *Client) UpdateWebhook(ctx context.Context, app, webhook string, spec WebhookSpec) (Webhook, error) {
	var answer enveloped[Webhook]
	err := c.api().Call(ctx, "update webhook", http.MethodPut, nil, spec.wire(), &answer, "apps", app, "outgoing-webhooks", webhook)
	return answer.Data, err
}

// DeleteWebhook takes a webhook away.
func (c *Client) DeleteWebhook(ctx context.Context, app, webhook string) error {
	return c.api().Call(ctx, "delete webhook", http.MethodDelete, nil, nil, nil, "apps", app, "outgoing-webhooks", webhook)
}

// Delivery is one try of a webhook. Bitrise makes one and no more.
type Delivery struct {
	Slug    string `json:"slug"`
	Payload string `json:"request_payload"`
	// Status is the HTTP status of the answer, or 0 without one.
	Status    int       `json:"response_http_status"`
	CreatedAt time.Time `json:"created_at"`
}

// Failed reports whether the delivery has to be asked for again.
func (d Delivery) Failed() bool { return d.Status/100 != 2 }

// Deliveries lists a webhook's deliveries, all pages of them.
func (c *Client) Deliveries(ctx context.Context, app, webhook string) ([]Delivery, error) {
	return pages[Delivery](ctx, c, "list deliveries", "apps", app, "outgoing-webhooks", webhook, "delivery-items")
}

// Redeliver asks for a delivery again.
func (c *Client) Redeliver(ctx context.Context, app, webhook, delivery string) error {
	return c.api().Call(ctx, "redeliver", http.MethodPost, nil, nil, nil,
		"apps", app, "outgoing-webhooks", webhook, "delivery-items", delivery, "redeliver")
}

// enveloped is an answer inside {"data": …} or without, as the API's two
// descriptions have it.
type enveloped[T any] struct{ Data T }

// UnmarshalJSON implements [json.Unmarshaler].
func (e *enveloped[T]) UnmarshalJSON(text []byte) error {
	var outer struct{ Data json.RawMessage }
	if err := json.Unmarshal(text, &outer); err != nil {
		return err
	}
	if outer.Data != nil {
		text = outer.Data
	}
	return json.Unmarshal(text, &e.Data)
}

// mostPages ends a list that never ends.
const mostPages = 200

func pages[T any](ctx context.Context, c *Client, op string, path ...string) ([]T, error) {
	var all []T
	query := url.Values{"limit": {"50"}}
	for range mostPages {
		var page struct {
			Data   []T
			Paging struct{ Next string }
		}
		if err := c.api().Call(ctx, op, http.MethodGet, query, nil, &page, path...); err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if page.Paging.Next == "" {
			break
		}
		query.Set("next", page.Paging.Next)
	}
	return all, nil
}
