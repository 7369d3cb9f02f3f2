// Package sandbox plays the services that afterdeploy talks to, faithfully as
// far as they are documented, and misbehaves where a script says so. No
// shipped program but the sandbox's own imports it.
package sandbox

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Path is where the custom trigger endpoint is.
const Path = "/webhooks/integrations/custom"

// Account is what the endpoint accepts.
type Account struct {
	Key          string   `yaml:"key"`
	Organization string   `yaml:"organization"`
	Projects     []string `yaml:"projects"`
}

// DefaultAccount is accepted where a script names none. The key is no secret.
func DefaultAccount() Account {
	return Account{
		Key:          "bugster_sandbox_key",
		Organization: "org_sandbox",
		Projects:     []string{"shop-1756145574", "docs-1756145575"},
	}
}

// Endpoint plays the custom trigger endpoint and remembers what it was sent.
type Endpoint struct {
	account Account
	started func() // is told of an accepted call; it may be nil

	mu       sync.Mutex
	steps    []Step
	received []Request
}

// Request is one recorded call.
type Request struct {
	Time   time.Time   `json:"time"`
	Method string      `json:"method"`
	Path   string      `json:"path"`
	Header http.Header `json:"header"` // without the key
	// KeyGiven and KeyAccepted tell about the key, which is not recorded.
	KeyGiven    bool `json:"key_given"`
	KeyAccepted bool `json:"key_accepted"`
	// Body is the JSON that came, or a JSON string of what is no JSON.
	Body json.RawMessage `json:"body"`
	// Answered is the status that was answered, 0 where the script kept
	// silent.
	Answered int `json:"answered"`
}

// NewEndpoint makes an endpoint that follows the script's steps, call by call,
// and is honest after the last.
func NewEndpoint(script Script) *Endpoint {
	account := DefaultAccount()
	if script.Account != nil {
		account = *script.Account
	}
	return &Endpoint{account: account, steps: slices.Clone(script.Endpoint)}
}

// Requests returns what was received so far, oldest first.
func (e *Endpoint) Requests() []Request {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.received)
}

// next takes the script's next step; the zero step is honest.
func (e *Endpoint) next() Step {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.steps) == 0 {
		return Step{}
	}
	step := e.steps[0]
	switch step.Times {
	case -1: // forever
	case 0, 1:
		e.steps = e.steps[1:]
	default:
		e.steps[0].Times--
	}
	return step
}

// mostBody is larger than any documented request, in bytes.
const mostBody = 1 << 20

// ServeHTTP implements [http.Handler].
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	step := e.next()
	if step.Reset == "before" {
		e.record(req, nil, 0)
		hangUp(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, mostBody))
	if err != nil {
		http.Error(w, "cannot read the request", http.StatusBadRequest)
		return
	}
	if step.play(w, req, func(status int) { e.record(req, body, status) }) {
		return
	}
	status, reply := e.judge(req, body)
	e.record(req, body, status)
	if status == http.StatusOK && e.started != nil {
		e.started()
	}
	writeJSON(w, status, reply)
}

func (e *Endpoint) record(req *http.Request, body []byte, status int) {
	header := req.Header.Clone()
	given := header.Get("X-API-KEY")
	header.Del("X-API-KEY")
	if !json.Valid(body) {
		body, _ = json.Marshal(string(body)) // a string always encodes
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.received = append(e.received, Request{
		Time: time.Now().UTC(), Method: req.Method, Path: req.URL.Path, Header: header,
		KeyGiven: given != "", KeyAccepted: e.keyOK(given), Body: body, Answered: status,
	})
}

func (e *Endpoint) keyOK(key string) bool {
	return subtle.ConstantTimeCompare([]byte(key), []byte(e.account.Key)) == 1
}

// reply is the documented form of an answer.
type reply struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
}

func refusal(message, code string) reply {
	return reply{Status: "error", Message: message, Code: code}
}

// judge answers as the documentation says; where that gives no HTTP status for
// an error, with the usual one.
func (e *Endpoint) judge(req *http.Request, body []byte) (int, reply) {
	var in struct {
		State        string  `json:"deployment_state"`
		Project      string  `json:"project_id"`
		Organization string  `json:"organization_id"`
		Commit       *string `json:"commit_sha"`
		Branch       *string `json:"branch"`
		URL          string  `json:"environment_url"`
		Environment  string  `json:"environment"`
	}
	switch err := json.Unmarshal(body, &in); {
	case req.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, refusal("Method not allowed", "")
	case req.Header.Get("X-API-KEY") == "":
		return http.StatusUnauthorized, refusal("Missing API key", "")
	case !e.keyOK(req.Header.Get("X-API-KEY")):
		return http.StatusUnauthorized, refusal("Invalid API key", "")
	case err != nil:
		return http.StatusBadRequest, refusal("Body is not the documented JSON", "")
	case in.Organization != e.account.Organization:
		return http.StatusForbidden, refusal("API key does not belong to organization_id", "")
	case !slices.Contains(e.account.Projects, in.Project):
		return http.StatusBadRequest, refusal("Invalid project_id", "INVALID_PROJECT")
	case !slices.Contains([]string{"", "success", "in_progress", "cancelled", "error"}, in.State):
		return http.StatusBadRequest, refusal("Invalid deployment_state", "")
	case (in.Commit != nil) == (in.Branch != nil):
		return http.StatusBadRequest, refusal("Use either commit_sha OR branch, not both", "")
	case in.URL == "" && (in.State == "" || in.State == "success"):
		return http.StatusBadRequest, refusal("environment_url is required when deployment_state is success", "")
	}
	return http.StatusOK, reply{
		Status:  "processed",
		Message: "Custom integration event processed for org: " + in.Organization + ", project: " + in.Project,
	}
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may be gone
}
