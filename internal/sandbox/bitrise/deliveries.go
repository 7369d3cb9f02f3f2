package bitrise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

// delivery is a try of a webhook as the API shows it.
type delivery struct {
	Slug      string   `json:"slug"`
	URL       string   `json:"request_url"`
	Headers   string   `json:"request_headers"`
	Payload   string   `json:"request_payload"`
	Status    *int     `json:"response_http_status"` // null: there was no answer
	Response  string   `json:"response_body"`
	Seconds   *float64 `json:"response_seconds"`
	CreatedAt string   `json:"created_at"`
	UpdatedAt string   `json:"updated_at"`

	header http.Header
	status int
}

// show fills in what the API shows of a delivery.
func (d *delivery) show() *delivery {
	shown := *d
	var lines []string
	for name := range d.header {
		lines = append(lines, name+": "+d.header.Get(name))
	}
	slices.Sort(lines)
	shown.Headers = strings.Join(lines, "\n")
	if d.status != 0 {
		shown.Status = &d.status
	}
	return &shown
}

// send makes a delivery of a webhook, and keeps what came of it.
func (f *Fake) send(ctx context.Context, h *hook, address string, header http.Header, payload string) error {
	status, answer, err := rest.Deliver(ctx, address, header, []byte(payload))
	now := rest.Stamp(time.Now())
	f.Do(func() {
		h.deliveries = slices.Insert(h.deliveries, 0, &delivery{
			Slug: f.slug(""), URL: address, Payload: payload, Response: answer,
			CreatedAt: now, UpdatedAt: now, header: header, status: status,
		})
	})
	return err
}

// Send lets something happen to a build of an app: the build is on record, and
// each webhook is delivered, once, whatever comes of it. What is one of
// services.Events("bitrise"). The error tells of deliveries that failed, which
// the real service tells nobody.
func (f *Fake) Send(ctx context.Context, app, what string, o services.Options) error {
	m, err := services.Make("bitrise", what, o)
	if err != nil {
		return err
	}
	var said struct {
		Build    string `json:"build_slug"`
		Number   int    `json:"build_number"`
		Status   int    `json:"build_status"`
		Workflow string `json:"build_triggered_workflow"`
		Git      struct {
			Branch string `json:"src_branch"`
		}
	}
	if err := json.Unmarshal(m.Body, &said); err != nil {
		return err
	}
	type sending struct {
		hook    *hook
		address string
		header  http.Header
	}
	var sendings []sending
	f.Do(func() {
		f.builds[app+"/"+said.Build] = object{
			"slug": said.Build, "build_number": said.Number, "status": said.Status, "branch": said.Git.Branch, "tag": nil,
			"commit_hash": o.Commit, "commit_message": "feat: a cart that remembers", "triggered_workflow": said.Workflow, "pull_request_id": 0,
		}
		for _, h := range f.hooks {
			if h.app == app {
				sendings = append(sendings, sending{h, h.URL, h.header(m.Header.Get("Bitrise-Event-Type"), m.Body)})
			}
		}
	})
	var errs []error
	for _, s := range sendings {
		if err := f.send(ctx, s.hook, s.address, s.header, string(m.Body)); err != nil {
			errs = append(errs, fmt.Errorf("webhook %s: %w", s.hook.Slug, err))
		}
	}
	return errors.Join(errs...)
}

func (f *Fake) listDeliveries(h *hook, req *http.Request, _ []byte) rest.Answer {
	shown := make([]*delivery, len(h.deliveries))
	for i, d := range h.deliveries {
		shown[i] = d.show()
	}
	return listed(f, req, shown, func(d *delivery) string { return d.Slug })
}

func (f *Fake) getDelivery(h *hook, req *http.Request, _ []byte) rest.Answer {
	for _, d := range h.deliveries {
		if d.Slug == req.PathValue("item") {
			return rest.Answer{Status: http.StatusOK, Body: object{"data": d.show()}}
		}
	}
	return refuse(http.StatusNotFound, "Not Found")
}

// redeliver sends the same bytes again, to the address and with the headers
// that the webhook has now, as soon as the request is answered.
func (f *Fake) redeliver(h *hook, req *http.Request, _ []byte) rest.Answer {
	for _, d := range h.deliveries {
		if d.Slug == req.PathValue("item") {
			header := h.header(d.header.Get("Bitrise-Event-Type"), []byte(d.Payload))
			ctx, address := context.WithoutCancel(req.Context()), h.URL
			go func() { _ = f.send(ctx, h, address, header, d.Payload) }()
			return rest.Answer{Status: http.StatusOK, Body: object{"data": object{}}}
		}
	}
	return refuse(http.StatusNotFound, "Not Found")
}
