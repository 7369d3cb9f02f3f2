package relay_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// hub is a GitHub that counts what is written, and misbehaves.
type hub struct {
	mu sync.Mutex
	// dispatched counts deliveries by their identifier.
	dispatched map[string]int
	// statuses are the states that were written, by commit and context.
	statuses map[string][]string
	// issues are the texts of all issues.
	issues []string
	writes int
	// behave, if set, is asked for each write, by its number: it may do the
	// write and then answer otherwise.
	behave func(n int, w http.ResponseWriter) (answered bool)
}

func newHub() *hub { return &hub{dispatched: map[string]int{}, statuses: map[string][]string{}} }

// calm ends misbehaviour, or what is unlucky waits for the schedule's later
// hours.
func (h *hub) calm() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.behave = nil
}

// ServeHTTP implements [http.Handler].
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the relay was killed in the middle of its request
	}
	if r.Method == http.MethodGet {
		h.list(w)
		return
	}
	h.mu.Lock()
	h.note(r, body)
	h.writes++
	n, behave := h.writes, h.behave
	h.mu.Unlock()
	if behave != nil && behave(n, w) {
		return
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/dispatches"):
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPatch:
		_, _ = io.WriteString(w, `{"number":1}`)
	default:
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"number":1,"html_url":"https://github.test/1"}`)
	}
}

// note carries out a write.
func (h *hub) note(r *http.Request, body []byte) {
	var said struct {
		ClientPayload struct {
			Delivery string `json:"delivery_id"`
		} `json:"client_payload"`
		Context, State, Body string
	}
	_ = json.Unmarshal(body, &said)
	switch {
	case strings.HasSuffix(r.URL.Path, "/dispatches"):
		h.dispatched[said.ClientPayload.Delivery]++
	case strings.Contains(r.URL.Path, "/statuses/"):
		key := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:] + " " + said.Context
		h.statuses[key] = append(h.statuses[key], said.State)
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/issues"):
		h.issues = append(h.issues, said.Body)
	}
}

func (h *hub) list(w http.ResponseWriter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]map[string]any, len(h.issues))
	for i, body := range h.issues {
		list[i] = map[string]any{"number": i + 1, "body": body, "html_url": fmt.Sprintf("https://github.test/%d", i+1)}
	}
	_ = json.NewEncoder(w).Encode(list)
}
