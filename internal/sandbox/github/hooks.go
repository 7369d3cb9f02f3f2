package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/services"
)

// Hook is a webhook and what it sent.
type Hook struct {
	// Of is the repository or organization that it belongs to. Empty: the App.
	Of       string `yaml:"of"`
	ID       int64  `yaml:"id"` // 0: the next free one
	URL      string `yaml:"url"`
	Inactive bool   `yaml:"inactive"`
	// Deliveries are in the order in which they were made.
	Deliveries []Delivery `yaml:"deliveries"`
}

// Delivery is one try of a webhook.
type Delivery struct {
	GUID   string `yaml:"guid"`
	Event  string `yaml:"event"`
	Status int    `yaml:"status"` // of the answer
	// Ago is how long before the start it was made.
	Ago time.Duration `yaml:"ago"`
	// Payload is JSON. Empty: GitHub has it no more.
	Payload string `yaml:"payload"`
	// Header is beside what follows from the rest.
	Header map[string]string `yaml:"header"`
}

// hook is one that is played.
type hook struct {
	*Hook
	deliveries []*delivery
}

type delivery struct {
	Delivery
	id int64
	at time.Time
}

func (f *Fake) addHook(h *Hook) {
	if h.ID == 0 {
		h.ID = f.nextID()
	}
	made := &hook{Hook: h}
	for _, d := range h.Deliveries {
		made.deliveries = append(made.deliveries, &delivery{d, f.nextID(), f.start.Add(-d.Ago)})
	}
	f.hooks = append(f.hooks, made)
}

// Send lets something happen in a repository, or wherever a webhook is: those of
// this owner deliver it, once, whatever comes of it. What is one of
// services.Events("github"). The error tells of deliveries that failed, which
// the real service tells nobody.
func (f *Fake) Send(ctx context.Context, of, what string, o services.Options) error {
	m, err := services.Make("github", what, o)
	if err != nil {
		return err
	}
	var errs []error
	for _, h := range f.hooksOf(of) {
		status, _, err := rest.Deliver(ctx, h.URL, m.Header, m.Body)
		if err != nil {
			errs = append(errs, fmt.Errorf("webhook %d: %w", h.ID, err))
		}
		if status == 0 { // GitHub's word for no answer
			status = http.StatusBadGateway
		}
		d := Delivery{GUID: m.Header.Get("X-GitHub-Delivery"), Event: m.Header.Get("X-GitHub-Event"), Status: status, Header: map[string]string{}}
		for name := range m.Header {
			d.Header[name] = m.Header.Get(name)
		}
		d.Payload = payload(m)
		f.mu.Lock()
		h.deliveries = append(h.deliveries, &delivery{d, f.nextID(), time.Now()})
		f.mu.Unlock()
	}
	return errors.Join(errs...)
}

// payload is the JSON of a message, which a form has in a field.
func payload(m services.Message) string {
	if !strings.HasSuffix(m.Header.Get("Content-Type"), "form-urlencoded") {
		return string(m.Body)
	}
	form, _ := url.ParseQuery(string(m.Body)) // it was made a moment ago
	return form.Get("payload")
}

// hooksOf returns the webhooks that are switched on.
func (f *Fake) hooksOf(of string) []*hook {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []*hook
	for _, h := range f.hooks {
		if strings.EqualFold(h.Of, of) && !h.Inactive {
			found = append(found, h)
		}
	}
	return found
}

func (f *Fake) listHooks(req *http.Request, _ []byte) answer {
	objects := []object{}
	for _, h := range f.hooks {
		if strings.EqualFold(h.Of, ownerOf(req)) {
			objects = append(objects, h.object())
		}
	}
	return listing("", objects)
}

// ownerOf is whose webhooks a path is about.
func ownerOf(req *http.Request) string {
	if org := req.PathValue("org"); org != "" {
		return org
	}
	return strings.TrimPrefix(repo(req), "/")
}

func (f *Fake) appHookConfig(req *http.Request, _ []byte) answer {
	if !f.signedByApp(bearer(req)) {
		return problem(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	for _, h := range f.hooks {
		if h.Of == "" {
			return answer{status: http.StatusOK, body: h.config()}
		}
	}
	return notFound()
}

// hook finds the webhook of a request.
func (f *Fake) hook(req *http.Request) (*hook, answer) {
	of := ownerOf(req)
	if of == "" && !f.signedByApp(bearer(req)) {
		return nil, problem(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	for _, h := range f.hooks {
		if strings.EqualFold(h.Of, of) && (of == "" || strconv.FormatInt(h.ID, 10) == req.PathValue("id")) {
			return h, answer{}
		}
	}
	return nil, notFound()
}

// listDeliveries pages by cursor, newest first.
func (f *Fake) listDeliveries(req *http.Request, _ []byte) answer {
	h, refusal := f.hook(req)
	if h == nil {
		return refusal
	}
	query := req.URL.Query()
	size := number(query.Get("per_page"), 30, 100)
	if f.script.Page > 0 {
		size = min(size, f.script.Page)
	}
	// A cursor names the delivery after which the page begins.
	last := strings.TrimPrefix(query.Get("cursor"), "v1_")
	page, begun := []object{}, last == ""
	a := answer{status: http.StatusOK}
	for n := len(h.deliveries) - 1; n >= 0; n-- {
		d := h.deliveries[n]
		if len(page) == size {
			a.cursor = fmt.Sprintf("v1_%d", h.deliveries[n+1].id)
			break
		}
		if begun {
			page = append(page, d.object())
		}
		begun = begun || strconv.FormatInt(d.id, 10) == last
	}
	if !begun {
		return problem(http.StatusBadRequest, "Invalid cursor")
	}
	a.body = page
	return a
}

func (f *Fake) getDelivery(req *http.Request, _ []byte) answer {
	h, refusal := f.hook(req)
	if h == nil {
		return refusal
	}
	for _, d := range h.deliveries {
		if strconv.FormatInt(d.id, 10) == req.PathValue("delivery") {
			return answer{status: http.StatusOK, body: d.whole(h)}
		}
	}
	return notFound()
}

func (h *hook) config() object {
	return object{"url": h.URL, "content_type": "json", "insecure_ssl": "0", "secret": "********"}
}

func (h *hook) object() object {
	at := fmt.Sprintf("%s/repos/%s/hooks/%d", api, h.Of, h.ID)
	kind := "Repository"
	if !strings.Contains(h.Of, "/") {
		at, kind = fmt.Sprintf("%s/orgs/%s/hooks/%d", api, h.Of, h.ID), "Organization"
	}
	return object{
		"id": h.ID, "type": kind, "name": "web", "active": !h.Inactive, "events": []any{"*"}, "config": h.config(),
		"url": at, "test_url": at + "/test", "ping_url": at + "/pings", "deliveries_url": at + "/deliveries",
		"last_response": object{"code": nil, "status": "unused", "message": nil},
		"created_at":    stamp(time.Unix(0, 0)), "updated_at": stamp(time.Unix(0, 0)),
	}
}

func (d *delivery) object() object {
	return object{
		"id": d.id, "guid": d.GUID, "delivered_at": stamp(d.at), "redelivery": false, "duration": 0.2,
		"status": or(http.StatusText(d.Status), "failed to connect to host"), "status_code": d.Status,
		"event": d.Event, "action": nil, "installation_id": nil, "repository_id": 1, "throttled_at": nil,
	}
}

// whole adds what was sent and answered.
func (d *delivery) whole(h *hook) object {
	headers := object{
		"Accept": "*/*", "Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/abc1234",
		"X-GitHub-Delivery": d.GUID, "X-GitHub-Event": d.Event, "X-GitHub-Hook-ID": strconv.FormatInt(h.ID, 10),
	}
	for name, value := range d.Header {
		headers[name] = value
	}
	o := d.object()
	o["url"] = h.URL
	o["request"] = object{"headers": headers, "payload": nil}
	o["response"] = object{"headers": object{}, "payload": nil}
	if d.Payload != "" {
		o["request"] = object{"headers": headers, "payload": json.RawMessage(d.Payload)}
	}
	return o
}
