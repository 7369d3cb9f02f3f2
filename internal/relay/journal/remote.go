package journal

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

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Remote asks the admin listener of a relay that runs.
type Remote struct {
	Client *http.Client
	// Base is the listener's address, such as http://127.0.0.1:8081.
	Base  string
	Token secret.String
}

const (
	remoteTime = 30 * time.Second
	mostAnswer = 64 << 20
)

// call makes one request and reads its JSON into value.
func (r *Remote) call(ctx context.Context, method, path string, query url.Values, value any) error {
	address := strings.TrimSuffix(r.Base, "/") + "/api/" + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return fmt.Errorf("ask the relay: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+r.Token.Reveal())
	answer, err := outbound.Fetch(ctx, r.Client, req, remoteTime, mostAnswer)
	if err != nil {
		return fmt.Errorf("ask the relay: %w", err)
	}
	switch {
	case answer.Status == http.StatusUnauthorized:
		return errors.New("ask the relay: it does not know the token: want the one it was started with")
	case answer.Status != http.StatusOK:
		return fmt.Errorf("ask the relay: it answered %d: %s", answer.Status, said(answer.Body))
	}
	if err := json.Unmarshal(answer.Body, value); err != nil {
		return fmt.Errorf("ask the relay: %s does not answer like one: %w", r.Base, err)
	}
	return nil
}

// said is an error's text, whichever way it was sent.
func said(body []byte) string {
	var refusal struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &refusal) == nil && refusal.Error != "" {
		return refusal.Error
	}
	return strings.TrimSpace(string(body))
}

// Events implements [Journal].
func (r *Remote) Events(ctx context.Context, q Query) ([]Event, error) {
	v := url.Values{}
	for name, value := range map[string]string{"source": q.Source, "state": q.State, "text": q.Text, "before": q.Before} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !at.IsZero() {
			v.Set(name, at.UTC().Format(time.RFC3339))
		}
	}
	if q.Most > 0 {
		v.Set("most", strconv.Itoa(q.Most))
	}
	var events []Event
	return events, r.call(ctx, http.MethodGet, "events", v, &events)
}

// Event implements [Journal].
func (r *Remote) Event(ctx context.Context, id string) (Detail, error) {
	var d Detail
	return d, r.call(ctx, http.MethodGet, "events/"+url.PathEscape(id), nil, &d)
}

// Redeliver implements [Journal].
func (r *Remote) Redeliver(ctx context.Context, id string) (int, error) {
	return r.count(ctx, "redeliver/"+url.PathEscape(id))
}

// Resume implements [Journal].
func (r *Remote) Resume(ctx context.Context, name string) (int, error) {
	return r.count(ctx, "resume/"+url.PathEscape(name))
}

func (r *Remote) count(ctx context.Context, path string) (int, error) {
	var answer struct {
		Deliveries int `json:"deliveries"`
	}
	err := r.call(ctx, http.MethodPost, path, nil, &answer)
	return answer.Deliveries, err
}

// Targets implements [Journal].
func (r *Remote) Targets(ctx context.Context) ([]work.Pause, error) {
	var pauses []work.Pause
	return pauses, r.call(ctx, http.MethodGet, "targets", nil, &pauses)
}
