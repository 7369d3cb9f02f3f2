package catchup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// github finds what no try of GitHub's brought. The content is taken from the
// API and not asked for again at the front door: that wants less of a token,
// works where GitHub cannot reach the relay even now, and waits for nothing.
func (c *Catcher) github(ctx context.Context, src *source.Source, s span) ([]missed, error) {
	config := src.Config()
	var (
		found []missed
		errs  []error
	)
	look := func(api *hub.Client, hooks []hub.Hook) {
		for _, h := range hooks {
			some, err := c.hook(ctx, api, src, h, s)
			found, errs = append(found, some...), append(errs, err)
		}
	}
	o := hub.Options{HTTP: c.HTTP, BaseURL: cmp.Or(config.APIURL, "https://api.github.com"), Auth: hub.Token(config.APIToken)}
	api, err := hub.New(o)
	if err != nil {
		return nil, err
	}
	for _, owner := range config.HooksOf {
		hooks, err := hooksTo(src.Name(), owner, func() ([]hub.Hook, error) { return api.Hooks(ctx, owner) })
		errs = append(errs, err)
		look(api, hooks)
	}
	if config.AppID != 0 {
		app, err := hub.NewApp(o, strconv.FormatInt(config.AppID, 10), config.AppKey)
		if err != nil {
			return found, errors.Join(append(errs, err)...)
		}
		hooks, err := hooksTo(src.Name(), "the App", func() ([]hub.Hook, error) {
			h, err := app.Client().AppHook(ctx)
			return []hub.Hook{h}, err
		})
		errs = append(errs, err)
		look(app.Client(), hooks)
	}
	return found, errors.Join(errs...)
}

// hooksTo chooses the webhooks that lead to a source.
func hooksTo(name, owner string, list func() ([]hub.Hook, error)) ([]hub.Hook, error) {
	hooks, err := list()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", owner, hidden(err))
	}
	var leading []hub.Hook
	for _, h := range hooks {
		if leadsTo(h.URL, name) {
			leading = append(leading, h)
		}
	}
	if len(leading) == 0 {
		return nil, fmt.Errorf("%s: none of its %d webhooks leads to /hooks/%s", owner, len(hooks), name)
	}
	return leading, nil
}

// leadsTo reports whether a webhook's address is a source's.
func leadsTo(address, name string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/hooks/"+name)
}

// hook finds what one webhook did not bring, each event once.
func (c *Catcher) hook(ctx context.Context, api *hub.Client, src *source.Source, h hub.Hook, s span) ([]missed, error) {
	tries, err := api.HookDeliveries(ctx, h, s.since)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmp.Or(h.Owner, "the App"), hidden(err))
	}
	first, taken := map[string]hub.HookDelivery{}, map[string]bool{}
	var order []string
	for _, d := range tries { // newest first
		if _, seen := first[d.GUID]; !seen {
			order = append(order, d.GUID)
		}
		first[d.GUID] = d
		taken[d.GUID] = taken[d.GUID] || !d.Failed()
	}
	var found []missed
	for _, guid := range order {
		if taken[guid] && !s.all {
			continue
		}
		d := first[guid]
		found = append(found, missed{
			what: d.Event + " " + guid, at: d.At,
			known: c.here(src, source.Request{Header: http.Header{"X-Github-Delivery": {guid}}}),
			read: func(ctx context.Context) (source.Request, error) {
				said, err := api.HookRequest(ctx, h, d.ID)
				var no *hub.Error
				if errors.As(err, &no) && no.Kind == hub.KindNotFound {
					err = refused{errNotThere} // it was in the list a moment ago
				}
				// The payload is JSON, however it was sent.
				said.Header.Set("Content-Type", "application/json")
				return source.Request{Method: http.MethodPost, Header: said.Header, Body: said.Payload}, err
			},
		})
	}
	return found, nil
}

// here reports whether a request came, by its key.
func (c *Catcher) here(src *source.Source, r source.Request) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) { return c.Inbox.Has(ctx, src.Name(), src.Key(r)) }
}
