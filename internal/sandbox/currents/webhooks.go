package currents

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/rest"
)

// hook is a webhook as the API shows it.
type hook struct {
	ID        string   `json:"hookId"`
	ProjectID string   `json:"projectId"`
	URL       string   `json:"url"`
	Headers   *string  `json:"headers"`
	Events    []string `json:"hookEvents"`
	Label     *string  `json:"label"`
	CreatedAt string   `json:"createdAt"`
	UpdatedAt *string  `json:"updatedAt"`
}

// written is the body of a creation or an update.
type written struct {
	URL     rest.Optional[string]   `json:"url"`
	Headers rest.Optional[string]   `json:"headers"`
	Events  rest.Optional[[]string] `json:"hookEvents"`
	Label   rest.Optional[string]   `json:"label"`
}

// check reports what the API's description does not allow.
func (w written) check() error {
	var errs []error
	if w.URL.Given {
		errs = append(errs, checkURL(w.URL.Value))
	}
	if w.Headers.Value != nil {
		errs = append(errs, checkHeaders(*w.Headers.Value))
	}
	if w.Events.Given {
		errs = append(errs, checkEvents(w.Events.Value))
	}
	if label := w.Label.Value; label != nil && (*label == "" || utf8.RuneCountInString(*label) > 255) {
		errs = append(errs, errors.New("label must be 1 to 255 characters"))
	}
	return errors.Join(errs...)
}

func checkURL(text *string) error {
	if text == nil {
		return errors.New("url must be a string")
	}
	if u, err := url.Parse(*text); err != nil || !u.IsAbs() || u.Host == "" {
		return errors.New("url must be a valid URI")
	}
	if utf8.RuneCountInString(*text) > 2048 {
		return errors.New("url must not be longer than 2048 characters")
	}
	return nil
}

func checkHeaders(text string) error {
	var values map[string]string
	if err := json.Unmarshal([]byte(text), &values); err != nil || values == nil {
		return errors.New("headers must be a JSON object of strings")
	}
	if utf8.RuneCountInString(text) > 4096 {
		return errors.New("headers must not be longer than 4096 characters")
	}
	return nil
}

func checkEvents(events *[]string) error {
	if events == nil {
		return errors.New("hookEvents must be an array")
	}
	for _, event := range *events {
		if !slices.Contains([]string{"RUN_FINISH", "RUN_START", "RUN_TIMEOUT", "RUN_CANCELED"}, event) {
			return fmt.Errorf("hookEvents must not hold %q", event)
		}
	}
	return nil
}

// apply writes what is given.
func (w written) apply(h *hook) {
	if w.URL.Given {
		h.URL = *w.URL.Value
	}
	if w.Headers.Given {
		h.Headers = w.Headers.Value
	}
	if w.Events.Given {
		h.Events = *w.Events.Value
	}
	if w.Label.Given {
		h.Label = w.Label.Value
	}
}

// project is the project that a request names, or why it names none.
func (f *Fake) project(req *http.Request) (string, rest.Answer) {
	id := req.URL.Query().Get("projectId")
	if err := rest.Query(req, "projectId"); err != nil {
		return "", refuse(http.StatusBadRequest, err.Error())
	}
	switch {
	case id == "":
		return "", refuse(http.StatusBadRequest, "projectId is required")
	case !f.hasProject(id):
		return "", refuse(http.StatusNotFound, "Project not found")
	}
	return id, rest.Answer{}
}

func (f *Fake) listWebhooks(req *http.Request, _ []byte) rest.Answer {
	project, no := f.project(req)
	if no.Status != 0 {
		return no
	}
	found := []*hook{}
	for _, h := range f.hooks {
		if h.ProjectID == project {
			found = append(found, h)
		}
	}
	return ok(http.StatusOK, found)
}

func (f *Fake) createWebhook(req *http.Request, body []byte) rest.Answer {
	project, no := f.project(req)
	if no.Status != 0 {
		return no
	}
	var in written
	err := rest.Strict(req, body, &in)
	if err == nil && !in.URL.Given {
		err = errors.New("url is required")
	}
	if err := errors.Join(err, in.check()); err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	made := &hook{ID: uuid.NewString(), ProjectID: project, Events: []string{}, CreatedAt: rest.Stamp(time.Now())}
	in.apply(made)
	f.hooks = append(f.hooks, made)
	if f.script.CreatedIs200 {
		return ok(http.StatusOK, made)
	}
	return ok(http.StatusCreated, made)
}

// hook is the webhook that a path names, or why it names none.
func (f *Fake) hook(req *http.Request) (*hook, rest.Answer) {
	id := req.PathValue("id")
	if uuid.Validate(id) != nil {
		return nil, refuse(http.StatusBadRequest, "hookId must be a UUID")
	}
	for _, h := range f.hooks {
		if h.ID == id {
			return h, rest.Answer{}
		}
	}
	return nil, refuse(http.StatusNotFound, "Webhook not found")
}

func (f *Fake) getWebhook(req *http.Request, _ []byte) rest.Answer {
	h, no := f.hook(req)
	if no.Status != 0 {
		return no
	}
	return ok(http.StatusOK, h)
}

func (f *Fake) updateWebhook(req *http.Request, body []byte) rest.Answer {
	h, no := f.hook(req)
	if no.Status != 0 {
		return no
	}
	var in written
	err := rest.Strict(req, body, &in)
	if err == nil && in == (written{}) {
		err = errors.New("body must not be empty")
	}
	if err := errors.Join(err, in.check()); err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	in.apply(h)
	now := rest.Stamp(time.Now())
	h.UpdatedAt = &now
	return ok(http.StatusOK, h)
}

func (f *Fake) deleteWebhook(req *http.Request, _ []byte) rest.Answer {
	h, no := f.hook(req)
	if no.Status != 0 {
		return no
	}
	f.hooks = slices.DeleteFunc(f.hooks, func(other *hook) bool { return other == h })
	if f.script.EmptyDelete {
		return rest.Answer{Status: http.StatusNoContent}
	}
	return ok(http.StatusOK, object{"hookId": h.ID, "projectId": h.ProjectID})
}
