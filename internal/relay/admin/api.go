package admin

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
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

func (h *handler) apiEvents(w http.ResponseWriter, r *http.Request) {
	var events []journal.Event
	q, err := journal.ParseQuery(r.URL.Query())
	if err == nil {
		events, err = h.Journal.Events(r.Context(), q)
	}
	h.write(w, events, err)
}

func (h *handler) apiEvent(w http.ResponseWriter, r *http.Request) {
	detail, err := h.Journal.Event(r.Context(), r.PathValue("id"))
	h.write(w, detail, err)
}

func (h *handler) apiDelivery(w http.ResponseWriter, r *http.Request) {
	delivery, err := h.Journal.Delivery(r.Context(), r.PathValue("id"))
	h.write(w, delivery, err)
}

// count is how many deliveries go out again.
type count struct {
	Deliveries int `json:"deliveries"`
}

func (h *handler) apiRedeliver(w http.ResponseWriter, r *http.Request) {
	n, err := h.Journal.Redeliver(r.Context(), r.PathValue("id"))
	h.write(w, count{n}, err)
}

func (h *handler) apiPlan(w http.ResponseWriter, r *http.Request) {
	var plan journal.Plan
	q, err := journal.ParseQuery(r.URL.Query())
	if err == nil {
		plan, err = h.Journal.Plan(r.Context(), q)
	}
	h.write(w, plan, err)
}

func (h *handler) apiRedeliverAll(w http.ResponseWriter, r *http.Request) {
	n := 0
	q, want, err := wanted(r)
	if err == nil {
		n, err = h.Journal.RedeliverAll(r.Context(), q, want)
	}
	h.write(w, count{n}, err)
}

// wanted reads which deliveries are to be redelivered, and how many they were
// when they were looked at: -1 if nobody looked.
func wanted(r *http.Request) (journal.Query, int, error) {
	q, err := journal.ParseQuery(r.URL.Query())
	text := r.URL.Query().Get("want")
	if err != nil || text == "" {
		return q, -1, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return q, 0, &journal.ParameterError{Name: "want", Value: text, Want: "how many deliveries the plan has"}
	}
	return q, n, nil
}

func (h *handler) apiSources(w http.ResponseWriter, r *http.Request) {
	list, err := h.Journal.Sources(r.Context())
	h.write(w, list, err)
}

func (h *handler) apiRules(w http.ResponseWriter, r *http.Request) {
	list, err := h.Journal.Rules(r.Context())
	h.write(w, list, err)
}

func (h *handler) apiTargets(w http.ResponseWriter, r *http.Request) {
	list, err := h.Journal.Targets(r.Context())
	h.write(w, list, err)
}

func (h *handler) apiResume(w http.ResponseWriter, r *http.Request) {
	n, err := h.Journal.Resume(r.Context(), r.PathValue("target"))
	h.write(w, count{n}, err)
}

func (h *handler) apiHealth(w http.ResponseWriter, r *http.Request) {
	health, err := h.Journal.Health(r.Context())
	h.write(w, health, err)
}
