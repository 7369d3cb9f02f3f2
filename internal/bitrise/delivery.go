package bitrise

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Delivery is one try of a webhook. Bitrise makes one and no more.
type Delivery struct {
	Slug string `json:"slug"`
	// URL and Payload are what was sent; Headers too, as one text, which
	// holds the shared secret.
	URL     string        `json:"request_url"`
	Payload string        `json:"request_payload"`
	Headers secret.String `json:"-"`
	// Status is the HTTP status of the answer, or 0 without one.
	Status    int       `json:"response_http_status"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// UnmarshalJSON implements [json.Unmarshaler]: the headers become a secret.
func (d *Delivery) UnmarshalJSON(text []byte) error {
	type plain Delivery
	read := struct {
		*plain
		Headers string `json:"request_headers"`
	}{plain: (*plain)(d)}
	err := json.Unmarshal(text, &read)
	d.Headers = secret.New(read.Headers)
	return err
}

// Failed reports whether the delivery has to be asked for again.
func (d Delivery) Failed() bool { return d.Status/100 != 2 }

// Deliveries lists a webhook's deliveries that were made at since or later.
func (c *Client) Deliveries(ctx context.Context, app, webhook string, since time.Time) ([]Delivery, error) {
	old := func(d Delivery) bool { return !d.CreatedAt.IsZero() && d.CreatedAt.Before(since) }
	// In which order they come is not documented: only a page that gets older
	// says that those to come are older still.
	enough := func(page []Delivery) bool {
		first, last := page[0], page[len(page)-1]
		return old(last) && last.CreatedAt.Before(first.CreatedAt)
	}
	all, err := pages(ctx, c, enough, "list deliveries", "apps", app, "outgoing-webhooks", webhook, "delivery-items")
	return slices.DeleteFunc(all, old), err
}

// Delivery returns one delivery.
func (c *Client) Delivery(ctx context.Context, app, webhook, delivery string) (Delivery, error) {
	var answer enveloped[Delivery]
	err := c.api().Call(ctx, "get delivery", http.MethodGet, nil, nil, &answer,
		"apps", app, "outgoing-webhooks", webhook, "delivery-items", delivery)
	return answer.Data, err
}

// Redeliver asks for a delivery again.
func (c *Client) Redeliver(ctx context.Context, app, webhook, delivery string) error {
	return c.api().Call(ctx, "redeliver", http.MethodPost, nil, nil, nil,
		"apps", app, "outgoing-webhooks", webhook, "delivery-items", delivery, "redeliver")
}
