package admin

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// perPage is how many events a page lists.
const perPage = 50

// render writes a page whole or not at all.
func (h *handler) render(w http.ResponseWriter, status int, name string, data any) {
	var out bytes.Buffer
	if err := h.pages.ExecuteTemplate(&out, name, data); err != nil {
		h.Log.Error("render page", "page", name, "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w)
}

func (h *handler) fail(w http.ResponseWriter, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		h.Log.Error("admin", "error", err)
	}
	h.render(w, status, "error.html", map[string]any{"Version": h.Version, "Error": err.Error()})
}

func (h *handler) list(w http.ResponseWriter, r *http.Request) {
	q, err := queryOf(r.URL.Query())
	if err != nil {
		h.render(w, http.StatusBadRequest, "error.html", map[string]any{"Version": h.Version, "Error": err.Error()})
		return
	}
	q.Most = perPage
	events, err := h.Journal.Events(r.Context(), q)
	if err != nil {
		h.fail(w, err)
		return
	}
	unverified, err := h.Journal.Events(r.Context(), journal.Query{State: string(inbox.Unverified), Most: perPage})
	if err != nil {
		h.fail(w, err)
		return
	}
	pauses, err := h.Journal.Targets(r.Context())
	if err != nil {
		h.fail(w, err)
		return
	}
	data := map[string]any{
		"Version": h.Version, "Query": q, "Events": events, "Pauses": pauses, "Unverified": len(unverified),
		"EventStates":    []inbox.State{inbox.New, inbox.Routed, inbox.Ignored, inbox.Unverified},
		"DeliveryStates": work.States(),
	}
	if len(events) == perPage {
		older := r.URL.Query()
		older.Set("before", events[len(events)-1].ID)
		data["Older"] = "?" + older.Encode()
	}
	h.render(w, http.StatusOK, "list.html", data)
}

func (h *handler) show(w http.ResponseWriter, r *http.Request) {
	detail, err := h.Journal.Event(r.Context(), r.PathValue("id"))
	if err != nil {
		h.fail(w, err)
		return
	}
	h.render(w, http.StatusOK, "event.html", map[string]any{"Version": h.Version, "Event": detail})
}

func (h *handler) redeliver(w http.ResponseWriter, r *http.Request) {
	if _, err := h.Journal.Redeliver(r.Context(), r.PathValue("id")); err != nil {
		h.fail(w, err)
		return
	}
	h.Log.Info("redelivered by hand", "id", r.PathValue("id"), "remote", r.RemoteAddr)
	http.Redirect(w, r, "/events/"+url.PathEscape(r.PostFormValue("event")), http.StatusSeeOther)
}

func (h *handler) resume(w http.ResponseWriter, r *http.Request) {
	if _, err := h.Journal.Resume(r.Context(), r.PathValue("target")); err != nil {
		h.fail(w, err)
		return
	}
	h.Log.Info("resumed by hand", "target", r.PathValue("target"), "remote", r.RemoteAddr)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// queryOf reads a list's parameters.
func queryOf(v url.Values) (journal.Query, error) {
	q := journal.Query{Source: v.Get("source"), State: v.Get("state"), Text: v.Get("text"), Before: v.Get("before")}
	var err error
	if text := v.Get("most"); text != "" {
		if q.Most, err = strconv.Atoi(text); err != nil || q.Most < 1 || q.Most > 1000 {
			return q, parameterError{"most", text, "a number from 1 to 1000"}
		}
	}
	for name, at := range map[string]*time.Time{"since": &q.Since, "until": &q.Until} {
		if text := v.Get(name); text != "" {
			if *at, err = time.Parse(time.RFC3339, text); err != nil {
				return q, parameterError{name, text, "a time such as 2026-01-31T15:04:05Z"}
			}
		}
	}
	return q, nil
}

// parameterError is a parameter of a list that cannot be read.
type parameterError struct{ name, value, want string }

// Error implements error.
func (b parameterError) Error() string {
	return "parameter " + b.name + " is " + strconv.Quote(b.value) + ": want " + b.want
}

// functions are what the pages need beside their data.
func functions() template.FuncMap {
	return template.FuncMap{
		"at": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"indent": func(raw json.RawMessage) string {
			var out bytes.Buffer
			if json.Indent(&out, raw, "", "  ") != nil {
				return string(raw)
			}
			return out.String()
		},
		"final": work.State.Final,
		"web": func(link string) bool {
			u, err := url.Parse(link)
			return err == nil && (u.Scheme == "https" || u.Scheme == "http")
		},
	}
}
