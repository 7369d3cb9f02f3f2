package admin

import (
	"encoding/json"
	"net/http"
)

// write answers with JSON, or with an error in JSON.
func (h *handler) write(w http.ResponseWriter, value any, err error) {
	status := http.StatusOK
	if err != nil {
		if status = statusOf(err); status == http.StatusInternalServerError {
			h.Log.Error("admin", "error", err)
		}
		value = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // payloads stay as they were
	_ = encoder.Encode(value)    // who does not listen any more is not told
}

func (h *handler) apiList(w http.ResponseWriter, r *http.Request) {
	q, err := queryOf(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	events, err := h.Journal.Events(r.Context(), q)
	h.write(w, events, err)
}

func (h *handler) apiShow(w http.ResponseWriter, r *http.Request) {
	detail, err := h.Journal.Event(r.Context(), r.PathValue("id"))
	h.write(w, detail, err)
}

// count is how many deliveries go out again.
type count struct {
	Deliveries int `json:"deliveries"`
}

func (h *handler) apiRedeliver(w http.ResponseWriter, r *http.Request) {
	n, err := h.Journal.Redeliver(r.Context(), r.PathValue("id"))
	h.write(w, count{n}, err)
}

func (h *handler) apiTargets(w http.ResponseWriter, r *http.Request) {
	pauses, err := h.Journal.Targets(r.Context())
	h.write(w, pauses, err)
}

func (h *handler) apiResume(w http.ResponseWriter, r *http.Request) {
	n, err := h.Journal.Resume(r.Context(), r.PathValue("target"))
	h.write(w, count{n}, err)
}
