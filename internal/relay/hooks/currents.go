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

func currentsChange(c Change) currents.WebhookChange {
	change := currents.WebhookChange{URL: c.URL, Label: c.Label, Events: c.Events}
	if c.Headers != nil {
		change.Headers = new(currents.Headers(c.Headers))
	}
	return change
}

// CheckChange implements [Place].
func (p currentsPlace) CheckChange(id string, c Change) error {
	err := errors.Join(currents.CheckID(id), currentsChange(c).Check())
	if c.Secret != nil && !c.Secret.IsZero() {
		err = errors.Join(err, errNoSignature)
	}
	return err
}

// Update implements [Place]. Whether an update without events leaves them, or
// has the default of none, is not documented: they are always sent.
func (p currentsPlace) Update(ctx context.Context, id string, c Change) (Webhook, error) {
	if err := p.CheckChange(id, c); err != nil {
		return Webhook{}, err
	}
	change := currentsChange(c)
	if change.Events == nil {
		now, err := p.api.Webhook(ctx, id)
		if err != nil {
			return Webhook{}, err
		}
		change.Events = now.Events
	}
	changed, err := p.api.UpdateWebhook(ctx, id, change)
	return fromCurrents(changed), err
}

// Delete implements [Place].
func (p currentsPlace) Delete(ctx context.Context, id string) error {
	return p.api.DeleteWebhook(ctx, id)
}
