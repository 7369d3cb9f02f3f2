package hooks

import (
	"context"
	"errors"

	"github.com/afterdeploy/afterdeploy/internal/currents"
)

// currentsPlace is a project of Currents.
type currentsPlace struct {
	api     *currents.Client
	project string
}

// errNoSignature answers who wants Currents to sign.
var errNoSignature = errors.New("secret: Currents does not sign: want a header that carries it")

func fromCurrents(w currents.Webhook) Webhook {
	return Webhook{ID: w.ID, URL: w.URL, Events: w.Events, Label: w.Label, Headers: w.Headers, CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt}
}

func currentsSpec(w Webhook) currents.WebhookSpec {
	return currents.WebhookSpec{URL: w.URL, Label: w.Label, Events: w.Events, Headers: w.Headers}
}

// Check implements [Place].
func (p currentsPlace) Check(w Webhook) error {
	err := currentsSpec(w).Check()
	if !w.Secret.IsZero() {
		err = errors.Join(err, errNoSignature)
	}
	return err
}

// List implements [Place].
func (p currentsPlace) List(ctx context.Context) ([]Webhook, error) {
	found, err := p.api.Webhooks(ctx, p.project)
	list := make([]Webhook, len(found))
	for i, w := range found {
		list[i] = fromCurrents(w)
	}
	return list, err
}

// Get implements [Place].
func (p currentsPlace) Get(ctx context.Context, id string) (Webhook, error) {
	found, err := p.api.Webhook(ctx, id)
	return fromCurrents(found), err
}

// Create implements [Place].
func (p currentsPlace) Create(ctx context.Context, w Webhook) (Webhook, error) {
	if err := p.Check(w); err != nil {
		return Webhook{}, err
	}
	made, err := p.api.CreateWebhook(ctx, p.project, currentsSpec(w))
	return fromCurrents(made), err
}

// Update implements [Place].
func (p currentsPlace) Update(ctx context.Context, id string, c Change) (Webhook, error) {
	if c.Secret != nil && !c.Secret.IsZero() {
		return Webhook{}, errNoSignature
	}
	change := currents.WebhookChange{URL: c.URL, Label: c.Label, Events: c.Events}
	if c.Headers != nil {
		headers := currents.Headers(c.Headers)
		change.Headers = &headers
	}
	changed, err := p.api.UpdateWebhook(ctx, id, change)
	return fromCurrents(changed), err
}

// Delete implements [Place].
func (p currentsPlace) Delete(ctx context.Context, id string) error {
	return p.api.DeleteWebhook(ctx, id)
}
