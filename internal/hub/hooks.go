package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// Hook is a webhook of a repository, of an organization, or of a GitHub App.
type Hook struct {
	// Owner is owner/name of a repository, or the name of an organization. It
	// is empty for the webhook of the App that asks.
	Owner string
	// ID is 0 for an App's webhook, of which there is one.
	ID  int64
	URL string
}

// HookDelivery is one try of a webhook. GitHub makes one, unless somebody asks
// for another.
type HookDelivery struct {
	ID int64
	// GUID is the same for every try of one event: its X-GitHub-Delivery.
	GUID string
	// Event is as X-GitHub-Event has it.
	Event string
	At    time.Time
	// Status is that of the answer, or GitHub's own where none came.
	Status int
}

// Failed reports whether the delivery was not taken.
func (d HookDelivery) Failed() bool { return d.Status/100 != 2 }

// HookRequest is what a delivery said. The payload is what was sent as JSON
// again, also where the webhook sends forms; it is nil where GitHub has it no
// more.
type HookRequest struct {
	Header  http.Header
	Payload []byte
}

// organizationForm is that of a login.
var organizationForm = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// path is where a webhook is. Its owner becomes part of a URL, so nothing but a
// name passes.
func (h Hook) path() (string, error) {
	if h.Owner == "" {
		return "app/hook", nil
	}
	of, err := hooksOf(h.Owner)
	return fmt.Sprintf("%s/%d", of, h.ID), err
}

func hooksOf(owner string) (string, error) {
	if organizationForm.MatchString(owner) {
		return "orgs/" + owner + "/hooks", nil
	}
	if _, _, err := split(owner); err != nil {
		return "", fmt.Errorf("%q has no webhooks: want a repository (owner/name) or an organization", owner)
	}
	return "repos/" + owner + "/hooks", nil
}

// looking is an operation on webhooks.
func looking(name, owner string) operation {
	switch {
	case owner == "":
		return operation{name, Permission{"metadata", "read"}}
	case strings.Contains(owner, "/"):
		return operation{name, ReadHooks()}
	}
	return operation{name, ReadOrganizationHooks()}
}

// Hooks lists the webhooks of a repository ("owner/name") or an organization
// ("name"), without those that are switched off.
func (c *Client) Hooks(ctx context.Context, owner string) ([]Hook, error) {
	var found []Hook
	err := c.ask(ctx, looking("list webhooks", owner), owner, func(api *github.Client) error {
		path, err := hooksOf(owner)
		if err != nil {
			return &Error{Kind: KindValidation, Err: err}
		}
		list, err := all(func(at github.ListOptions) ([]*github.Hook, *github.Response, error) {
			return get[[]*github.Hook](ctx, api, path, url.Values{
				"page": {strconv.Itoa(at.Page)}, "per_page": {strconv.Itoa(at.PerPage)},
			})
		})
		for _, h := range list {
			if h.GetActive() {
				found = append(found, Hook{Owner: owner, ID: h.GetID(), URL: h.GetConfig().GetURL()})
			}
		}
		return err
	})
	return found, err
}

// AppHook returns the webhook of the App that asks, see [App.Client].
func (c *Client) AppHook(ctx context.Context) (Hook, error) {
	var found Hook
	err := c.ask(ctx, looking("get the App's webhook", ""), "", func(api *github.Client) error {
		config, _, err := api.Apps.GetHookConfig(ctx)
		found.URL = config.GetURL()
		return err
	})
	return found, err
}

// mostDeliveryPages ends a list of deliveries that does not end by itself.
const mostDeliveryPages = 500

// HookDeliveries lists a webhook's deliveries since a time, newest first. GitHub
// remembers those of three days, a GitHub Enterprise Server those of seven.
func (c *Client) HookDeliveries(ctx context.Context, h Hook, since time.Time) ([]HookDelivery, error) {
	var found []HookDelivery
	err := c.ask(ctx, looking("list webhook deliveries", h.Owner), h.Owner, func(api *github.Client) error {
		path, err := h.path()
		if err != nil {
			return &Error{Kind: KindValidation, Err: err}
		}
		query := url.Values{"per_page": {strconv.Itoa(perPage)}}
		for range mostDeliveryPages {
			page, resp, err := get[[]*github.HookDelivery](ctx, api, path+"/deliveries", query)
			if err != nil {
				return err
			}
			for _, d := range page {
				if d.GetDeliveredAt().Before(since) {
					return nil
				}
				found = append(found, HookDelivery{
					ID: d.GetID(), GUID: d.GetGUID(), Event: d.GetEvent(), At: d.GetDeliveredAt().Time, Status: d.GetStatusCode(),
				})
			}
			if resp.Cursor == "" {
				return nil
			}
			query.Set("cursor", resp.Cursor)
		}
		return fmt.Errorf("there are more than %d: look at a shorter time", mostDeliveryPages*perPage)
	})
	return found, err
}

// HookRequest returns what a delivery said.
func (c *Client) HookRequest(ctx context.Context, h Hook, delivery int64) (HookRequest, error) {
	found := HookRequest{Header: http.Header{}}
	err := c.ask(ctx, looking("get webhook delivery", h.Owner), h.Owner, func(api *github.Client) error {
		path, err := h.path()
		if err != nil {
			return &Error{Kind: KindValidation, Err: err}
		}
		d, _, err := get[github.HookDelivery](ctx, api, fmt.Sprintf("%s/deliveries/%d", path, delivery), nil)
		if err != nil || d.Request == nil {
			return err
		}
		for name, value := range d.Request.Headers {
			found.Header.Set(name, value)
		}
		if raw := d.Request.RawPayload; raw != nil && !bytes.Equal(*raw, json.RawMessage("null")) {
			found.Payload = *raw
		}
		return nil
	})
	return found, err
}

// get asks for something at a path. The three kinds of webhooks differ in
// nothing else.
func get[T any](ctx context.Context, api *github.Client, path string, query url.Values) (T, *github.Response, error) {
	var found T
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	req, err := api.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return found, nil, err
	}
	resp, err := api.Do(ctx, req, &found)
	return found, resp, err
}
