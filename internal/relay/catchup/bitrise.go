package catchup

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"

	"github.com/afterdeploy/afterdeploy/internal/bitrise"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// bitrise finds the deliveries that were not taken, or not answered.
func (c *Catcher) bitrise(ctx context.Context, src *source.Source, s span) ([]missed, error) {
	config := src.Config()
	api := &bitrise.Client{HTTP: c.HTTP, BaseURL: config.APIURL, Token: config.APIToken, Retry: c.Retry}
	hooks, err := api.Webhooks(ctx, config.AppSlug)
	if err != nil {
		return nil, wants(err, "a token of an owner or admin of the app "+config.AppSlug)
	}
	var (
		found   []missed
		leading int
	)
	for _, h := range hooks {
		if !leadsTo(h.URL, src.Name()) {
			continue
		}
		leading++
		deliveries, err := api.Deliveries(ctx, config.AppSlug, h.Slug, s.since)
		if err != nil {
			return found, err
		}
		for _, d := range deliveries {
			if d.Failed() || s.all {
				found = append(found, c.delivery(src, d))
			}
		}
	}
	if leading == 0 {
		return nil, fmt.Errorf("app %s: none of its %d webhooks leads to /hooks/%s", config.AppSlug, len(hooks), src.Name())
	}
	return found, nil
}

// delivery is a request of Bitrise's as it would have come. Byte for byte it has
// the key of the one that came; if the log of deliveries has it otherwise, the
// build and the event's name tell.
func (c *Catcher) delivery(src *source.Source, d bitrise.Delivery) missed {
	name := bitriseEvent(d)
	r := source.Request{
		Method: http.MethodPost, Body: []byte(d.Payload), Received: d.CreatedAt,
		Header: http.Header{"Content-Type": {"application/json"}, "Bitrise-Event-Type": {name}, "Bitrise-App-Id": {src.Config().AppSlug}},
	}
	return missed{
		what: name + " " + d.Slug, at: d.CreatedAt,
		known: func(ctx context.Context) (bool, error) {
			if known, err := c.here(src, r)(ctx); known || err != nil {
				return known, err
			}
			e, err := src.Parse(r)
			if err != nil {
				return false, nil //nolint:nilerr // what cannot be read is kept all the same
			}
			return c.twin(ctx, src, e.Subject, func(other event.Event) bool { return other.Name == e.Name })
		},
		read: func(context.Context) (source.Request, error) { return r, nil },
	}
}

// bitriseHeader finds the event's name in what was sent along, in whichever form
// that is written down.
var bitriseHeader = regexp.MustCompile(`(?i)bitrise-event-type["']?\s*(?::|=>?)\s*\[?\s*["']?([a-z_]+/[a-z_]+)`)

// bitriseEvent names a delivery's event: the body does not, but a build that has
// not ended was only triggered.
func bitriseEvent(d bitrise.Delivery) string {
	if named := bitriseHeader.FindStringSubmatch(d.Headers.Reveal()); named != nil {
		return named[1]
	}
	var said struct {
		Status json.Number `json:"build_status"`
	}
	if json.Unmarshal([]byte(d.Payload), &said) == nil && said.Status == "0" {
		return "build/triggered"
	}
	return "build/finished"
}

// twin reports whether an event of a subject is here that is the same one.
func (c *Catcher) twin(ctx context.Context, src *source.Source, subject string, same func(event.Event) bool) (bool, error) {
	about, err := c.Inbox.About(ctx, src.Name(), subject)
	for _, s := range about {
		// Of what was pruned there is the name alone, and that has to do.
		other := event.Event{Name: s.Name}
		if !s.Pruned {
			parsed, err := src.Parse(source.Request{Method: s.Method, Header: s.Header, Body: s.Body, Received: s.Received})
			if err != nil {
				continue
			}
			other = parsed
		}
		if same(other) {
			return true, nil
		}
	}
	return false, err
}
