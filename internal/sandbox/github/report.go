package github

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

func (f *Fake) createStatus(req *http.Request, body []byte) answer {
	var said struct {
		State       string `json:"state"`
		Context     string `json:"context"`
		Description string `json:"description"`
		TargetURL   string `json:"target_url"`
	}
	sha := req.PathValue("sha")
	switch {
	case json.Unmarshal(body, &said) != nil:
		return problem(http.StatusBadRequest, "Problems parsing JSON")
	case !deploy.IsFullSHA(sha):
		return problem(http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
	case !slices.Contains([]string{"error", "failure", "pending", "success"}, said.State):
		return invalid("Status", "state", "custom")
	case utf8.RuneCountInString(said.Description) > 140:
		return invalid("Status", "description", "custom")
	}
	s := &status{Status: &Status{
		SHA: sha, Context: or(said.Context, "default"), Creator: "github-actions[bot]",
		Steps: []StatusStep{{State: said.State, Description: said.Description, URL: said.TargetURL}},
	}, steps: []step{{f.nextID(), time.Now()}}}
	f.statuses = append(f.statuses, s)
	return answer{status: http.StatusCreated, body: s.object(repo(req), sha, 0), changed: true}
}

func (f *Fake) dispatch(_ *http.Request, body []byte) answer {
	var said struct {
		EventType string                     `json:"event_type"`
		Payload   map[string]json.RawMessage `json:"client_payload"`
	}
	if json.Unmarshal(body, &said) != nil {
		return problem(http.StatusBadRequest, "Problems parsing JSON")
	}
	n := utf8.RuneCountInString(said.EventType)
	if n < 1 || n > 100 || len(said.Payload) > 10 || len(body) > 65535+200 {
		return problem(http.StatusUnprocessableEntity, "Invalid request.")
	}
	return answer{status: http.StatusNoContent, changed: true}
}
