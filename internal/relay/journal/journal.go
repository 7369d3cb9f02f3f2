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
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Journal answers questions about events.
type Journal interface {
	// Events lists events, newest first.
	Events(ctx context.Context, q Query) ([]Event, error)
	// Event tells everything about one.
	Event(ctx context.Context, id string) (Detail, error)
	// Redeliver has an event's failed deliveries, or one delivery, carried out
	// again, and rules that did not see the event see it. It returns how many
	// deliveries go out again so far.
	Redeliver(ctx context.Context, id string) (int, error)
	// Targets lists the targets that are paused.
	Targets(ctx context.Context) ([]work.Pause, error)
	// Resume ends a target's pause.
	Resume(ctx context.Context, name string) (int, error)
}

// ErrNotFound is the answer about an event that is not there.
var ErrNotFound = errors.New("there is no such event or delivery")

// Query chooses events. Its zero value chooses the newest.
type Query struct {
	Source string
	// State is an event's state, or that of one of its deliveries.
	State string
	Text  string
	Since time.Time
	Until time.Time
	// Before continues a list after the event with this identifier.
	Before string
	Most   int
}

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
