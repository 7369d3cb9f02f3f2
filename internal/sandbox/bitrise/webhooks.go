package bitrise

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
)

// hook is a webhook as the API shows it: without its secret.
type hook struct {
	Slug      string            `json:"slug"`
	URL       string            `json:"url"`
	Events    []string          `json:"events"`
	Headers   map[string]string `json:"headers"`
	ByAddon   bool              `json:"registered_by_addon"`
	CreatedAt string            `json:"created_at"`
	UpdatedAt string            `json:"updated_at"`

	app, secret string
	deliveries  []*delivery // newest first
}

// header is what goes with a delivery.
func (h *hook) header(event string, payload []byte) http.Header {
	header := http.Header{"Content-Type": {"application/json"}, "Bitrise-Event-Type": {event}, "Bitrise-App-Id": {h.app}}
	for name, value := range h.Headers {
		header.Set(name, value)
	}
	if h.secret != "" {
		mac := hmac.New(sha256.New, []byte(h.secret))
		mac.Write(payload)
		header.Set("Bitrise-Hook-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return header
}

// written is the body of a creation or an update, which is whole, too.
type written struct {
	URL     *string           `json:"url"`
	Events  []string          `json:"events"`
	Headers map[string]string `json:"headers"`
	Secret  *string           `json:"secret"`
}

func (w written) check() error {
	var errs []error
	if w.URL == nil {
		errs = append(errs, errors.New("url is required"))
	} else if u, err := url.Parse(*w.URL); err != nil || !u.IsAbs() || u.Host == "" {
		errs = append(errs, errors.New("url is invalid"))
	}
	if len(w.Events) == 0 {
		errs = append(errs, errors.New("events is required"))
	}
	for _, event := range w.Events {
		if event != "all" && event != "build" {
			errs = append(errs, fmt.Errorf("events: %q is invalid", event))
		}
	}
	if w.Secret == nil {
		errs = append(errs, errors.New("secret is required"))
	}
	return errors.Join(errs...)
}

func (w written) apply(h *hook) {
	h.URL, h.Events, h.Headers, h.secret = *w.URL, w.Events, w.Headers, *w.Secret
	if h.Headers == nil {
		h.Headers = map[string]string{}
	}
	h.UpdatedAt = rest.Stamp(time.Now())
}

func readWebhook(req *http.Request, body []byte) (written, error) {
	var in written
	if err := errors.Join(rest.Query(req), rest.Strict(req, body, &in)); err != nil {
		return in, err
	}
	return in, in.check()
}

func (f *Fake) listWebhooks(req *http.Request, _ []byte) rest.Answer {
	var of []*hook
	for _, h := range f.hooks {
		if h.app == req.PathValue("app") {
			of = append(of, h)
		}
	}
	return listed(f, req, of, func(h *hook) string { return h.Slug })
}

func (f *Fake) createWebhook(req *http.Request, body []byte) rest.Answer {
	in, err := readWebhook(req, body)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	made := &hook{Slug: f.slug(""), app: req.PathValue("app"), CreatedAt: rest.Stamp(time.Now())}
	in.apply(made)
	f.hooks = append(f.hooks, made)
	if f.script.CreatedIs200 {
		return f.answer(http.StatusOK, made)
	}
	return f.answer(http.StatusCreated, made)
}

func (f *Fake) updateWebhook(h *hook, req *http.Request, body []byte) rest.Answer {
	in, err := readWebhook(req, body)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	in.apply(h)
	return f.answer(http.StatusOK, h)
}

func (f *Fake) deleteWebhook(h *hook, _ *http.Request, _ []byte) rest.Answer {
	f.hooks = slices.DeleteFunc(f.hooks, func(other *hook) bool { return other == h })
	return rest.Answer{Status: http.StatusNoContent}
}
