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
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
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
	return r.callWithin(ctx, remoteTime, method, path, query, value)
}

func (r *Remote) callWithin(ctx context.Context, limit time.Duration, method, path string, query url.Values, value any) error {
	address := strings.TrimSuffix(r.Base, "/") + "/api/" + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return fmt.Errorf("ask the relay: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+r.Token.Reveal())
	answer, err := outbound.Fetch(ctx, r.Client, req, limit, mostAnswer)
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
	var events []Event
	return events, r.call(ctx, http.MethodGet, "events", q.Values(), &events)
}

// Event implements [Journal].
func (r *Remote) Event(ctx context.Context, id string) (Detail, error) {
	var d Detail
	return d, r.call(ctx, http.MethodGet, "events/"+url.PathEscape(id), nil, &d)
}

// Delivery implements [Journal].
func (r *Remote) Delivery(ctx context.Context, id string) (Delivery, error) {
	var d Delivery
	return d, r.call(ctx, http.MethodGet, "deliveries/"+url.PathEscape(id), nil, &d)
}

// Redeliver implements [Journal].
func (r *Remote) Redeliver(ctx context.Context, id string) (int, error) {
	return r.count(ctx, "redeliver/"+url.PathEscape(id), nil)
}

// Plan implements [Journal].
func (r *Remote) Plan(ctx context.Context, q Query) (Plan, error) {
	var p Plan
	return p, r.call(ctx, http.MethodGet, "redeliver", q.Values(), &p)
}

// RedeliverAll implements [Journal].
func (r *Remote) RedeliverAll(ctx context.Context, q Query, want int) (int, error) {
	v := q.Values()
	if want >= 0 {
		v.Set("want", strconv.Itoa(want))
	}
	return r.count(ctx, "redeliver", v)
}

// Resume implements [Journal].
func (r *Remote) Resume(ctx context.Context, name string) (int, error) {
	return r.count(ctx, "resume/"+url.PathEscape(name), nil)
}

func (r *Remote) count(ctx context.Context, path string, query url.Values) (int, error) {
	var answer struct {
		Deliveries int `json:"deliveries"`
	}
	err := r.call(ctx, http.MethodPost, path, query, &answer)
	return answer.Deliveries, err
}

// Sources implements [Journal].
func (r *Remote) Sources(ctx context.Context) ([]Source, error) {
	var list []Source
	return list, r.call(ctx, http.MethodGet, "sources", nil, &list)
}

// Rules implements [Journal].
func (r *Remote) Rules(ctx context.Context) ([]rule.Description, error) {
	var list []rule.Description
	return list, r.call(ctx, http.MethodGet, "rules", nil, &list)
}

// Targets implements [Journal].
func (r *Remote) Targets(ctx context.Context) ([]Target, error) {
	var list []Target
	return list, r.call(ctx, http.MethodGet, "targets", nil, &list)
}

// Health implements [Journal].
func (r *Remote) Health(ctx context.Context) (Health, error) {
	var h Health
	return h, r.call(ctx, http.MethodGet, "health", nil, &h)
}
