// Package journal tells what came in and what became of it: the few questions
// that the admin page, its JSON and the command line ask. [Local] answers from
// the stores, [Remote] asks a relay that runs.
package journal

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Journal answers questions about events.
type Journal interface {
	// Events lists events, newest first.
	Events(ctx context.Context, q Query) ([]Event, error)
	// Event tells everything about one.
	Event(ctx context.Context, id string) (Detail, error)
	// Delivery tells everything about one delivery.
	Delivery(ctx context.Context, id string) (Delivery, error)
	// Redeliver has an event's failed deliveries, or one delivery, carried out
	// again, and rules that did not see the event see it. It returns how many
	// deliveries go out again so far.
	Redeliver(ctx context.Context, id string) (int, error)
	// Plan says what [Journal.RedeliverAll] would do.
	Plan(ctx context.Context, q Query) (Plan, error)
	// RedeliverAll has the deliveries of a plan carried out again. If want is
	// not -1, it does so only where that is how many they still are.
	RedeliverAll(ctx context.Context, q Query, want int) (int, error)
	// Sources lists where events come from.
	Sources(ctx context.Context) ([]Source, error)
	// Rules lists the rules in force.
	Rules(ctx context.Context) ([]rule.Description, error)
	// Targets lists where deliveries go.
	Targets(ctx context.Context) ([]Target, error)
	// Resume ends a target's pause. It returns how many deliveries go on.
	Resume(ctx context.Context, name string) (int, error)
	// Health tells how the relay is.
	Health(ctx context.Context) (Health, error)
}

// The reasons for which nothing is answered, or done.
var (
	ErrNotFound = errors.New("there is no such event or delivery")
	ErrChanged  = errors.New("what would be redelivered has changed since it was looked at")
)

// Event is one event in a list.
type Event struct {
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Service     string          `json:"service"`
	Name        string          `json:"name"`
	Kind        string          `json:"kind"`
	Subject     string          `json:"subject"`
	State       string          `json:"state"`
	Note        string          `json:"note"`
	Received    time.Time       `json:"received"`
	Arrivals    int64           `json:"arrivals"`
	LastArrival time.Time       `json:"last_arrival"`
	Deliveries  []work.Delivery `json:"deliveries"`
}

// Detail is everything about one event. Private fields are replaced.
type Detail struct {
	Event
	Method   string                    `json:"method"`
	Remote   string                    `json:"remote"`
	Header   http.Header               `json:"header"`
	Pruned   bool                      `json:"pruned"`
	Parsed   event.Event               `json:"parsed"`
	Payload  json.RawMessage           `json:"payload"`
	Attempts map[string][]work.Attempt `json:"attempts"`
}

// Delivery is everything about one delivery.
type Delivery struct {
	work.Delivery
	// Idempotent reports that carrying it out twice does no harm.
	Idempotent bool           `json:"idempotent"`
	Attempts   []work.Attempt `json:"attempts"`
}
