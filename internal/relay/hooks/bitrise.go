package hooks

import (
	"context"
	"errors"
	"fmt"

	"github.com/afterdeploy/afterdeploy/internal/bitrise"
)

// bitrisePlace is an app of Bitrise.
type bitrisePlace struct {
	api *bitrise.Client
	app string
}

func fromBitrise(w bitrise.Webhook) Webhook {
	return Webhook{ID: w.Slug, URL: w.URL, Events: w.Events, Headers: w.Headers, CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt}
}

func bitriseSpec(w Webhook) bitrise.WebhookSpec {
	return bitrise.WebhookSpec{URL: w.URL, Events: w.Events, Headers: w.Headers, Secret: w.Secret}
}

// Check implements [Place].
func (p bitrisePlace) Check(w Webhook) error {
	err := bitriseSpec(w).Check()
	if w.Label != "" {
		err = errors.Join(err, errors.New("label: Bitrise's webhooks have none"))
	}
	return err
}

// List implements [Place].
func (p bitrisePlace) List(ctx context.Context) ([]Webhook, error) {
	found, err := p.api.Webhooks(ctx, p.app)
	list := make([]Webhook, len(found))
	for i, w := range found {
		list[i] = fromBitrise(w)
	}
	return list, err
}

// Get implements [Place]. The API has lists only.
func (p bitrisePlace) Get(ctx context.Context, id string) (Webhook, error) {
	found, err := p.List(ctx)
	if err != nil {
		return Webhook{}, err
	}
	for _, w := range found {
		if w.ID == id {
			return w, nil
		}
	}
	return Webhook{}, fmt.Errorf("get webhook: app %q has no webhook %q", p.app, id)
}

// Create implements [Place].
func (p bitrisePlace) Create(ctx context.Context, w Webhook) (Webhook, error) {
	if err := p.Check(w); err != nil {
		return Webhook{}, err
	}
	made, err := p.api.CreateWebhook(ctx, p.app, bitriseSpec(w))
	return fromBitrise(made), err
}

// CheckChange implements [Place].
func (p bitrisePlace) CheckChange(_ string, c Change) error {
	w := Webhook{URL: "https://stays.example.com", Events: c.Events, Headers: c.Headers}
	if c.URL != nil {
		w.URL = *c.URL
	}
	if c.Label != nil {
		w.Label = *c.Label
	}
	err := p.Check(w)
	if c.Secret == nil {
		err = errors.Join(err, errors.New("secret: Bitrise replaces the whole webhook and does not tell its secret: want the secret again, or none"))
	}
	return err
}

// Update implements [Place]. The API replaces the whole webhook, so what stays
// has to be said again. Only people can say again what the API does not tell.
func (p bitrisePlace) Update(ctx context.Context, id string, c Change) (Webhook, error) {
	if err := p.CheckChange(id, c); err != nil {
		return Webhook{}, err
	}
	w := Webhook{Secret: *c.Secret, Headers: c.Headers}
	if c.URL == nil || c.Events == nil || c.Headers == nil {
		now, err := p.Get(ctx, id)
		if err != nil {
			return Webhook{}, err
		}
		if c.Headers == nil && len(now.Headers) > 0 {
			return Webhook{}, errors.New("headers: Bitrise replaces the whole webhook and may hide their values: want the headers again, or none")
		}
		w.URL, w.Events = now.URL, now.Events
	}
	if c.URL != nil {
		w.URL = *c.URL
	}
	if c.Events != nil {
		w.Events = c.Events
	}
	changed, err := p.api.UpdateWebhook(ctx, p.app, id, bitriseSpec(w))
	return fromBitrise(changed), err
}

// Delete implements [Place].
func (p bitrisePlace) Delete(ctx context.Context, id string) error {
	return p.api.DeleteWebhook(ctx, p.app, id)
}
