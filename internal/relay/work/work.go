// Package work carries out deliveries: it keeps them, makes attempts in order
// and on schedule, and remembers each. A row in its own tables is the truth
// about a delivery; River (riverqueue.com) wakes whoever works on it.
package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
)

// State is how a delivery stands.
type State string

// The states. Ready, running and retry go on by themselves; a paused one waits
// for its target, an unknown one for a person.
const (
	Ready      State = "ready"
	Running    State = "running"
	Retry      State = "retry"
	Done       State = "done"
	Unknown    State = "unknown"
	Dead       State = "dead"
	Superseded State = "superseded"
	Paused     State = "paused"
)

// States lists every state.
func States() []State {
	return []State{Ready, Running, Retry, Done, Unknown, Dead, Superseded, Paused}
}

// Final reports whether a delivery stays as it is until somebody acts.
func (s State) Final() bool {
	return s == Done || s == Unknown || s == Dead || s == Superseded
}

// The reasons for which something cannot be done by hand.
var (
	ErrNotFound = errors.New("there is no such delivery")
	ErrUnderway = errors.New("the delivery is under way")
)

// Lane is a target and how many attempts it may have at once.
type Lane struct {
	Name        string
	Concurrency int
	Target      target.Target
}

// Notice is something that happened to the relay itself, for rules to see.
type Notice struct {
	// Name is delivery_dead or target_paused.
	Name string
	// Key is the same whenever the same thing is told.
	Key string
	// Delivery is what died, or was refused for its target's credentials.
	Delivery Delivery
}

// The names of notices.
const (
	DeliveryDead = "delivery_dead"
	TargetPaused = "target_paused"
)

// Options of a [Work].
type Options struct {
	Log *slog.Logger
	// Tell takes a notice; it is called again until it returns nil.
	Tell func(context.Context, Notice) error
	// Attempted, if set, is told of each attempt: where it went, how it ended
	// and how long that took.
	Attempted func(target, outcome string, took time.Duration)
	// CatchUp looks for events that were missed, see [Work.SetCatchUp].
	CatchUp func(context.Context)
	// Limit bounds one attempt; 0 means 50 s.
	Limit time.Duration
	// Margin is how long after its limit an attempt's maker is taken for gone;
	// 0 means 70 s, which relays' clocks may differ by and still agree.
	Margin time.Duration
	// Grace is how long running attempts may go on when work stops; 0 means
	// 20 s.
	Grace time.Duration
	// Poll, if not 0, is how often to look for work, instead of being told of
	// it.
	Poll time.Duration
	// Random spreads waits; it returns values in [0, 1).
	Random func() float64
}

// attemptLimit is less than the time after which River takes a worker for dead.
const (
	attemptLimit = 50 * time.Second
	margin       = 70 * time.Second
	grace        = 20 * time.Second
)

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Attempted == nil {
		o.Attempted = func(string, string, time.Duration) {}
	}
	if o.CatchUp == nil {
		o.CatchUp = func(context.Context) {}
	}
	if o.Limit == 0 {
		o.Limit = attemptLimit
	}
	if o.Margin == 0 {
		o.Margin = margin
	}
	if o.Grace == 0 {
		o.Grace = grace
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	return o
}

// Work is the deliveries of a relay. Make it with [OpenSQLite] or
// [OpenPostgres], then call [Work.Start].
type Work struct {
	options Options
	store   store
	queue   queue

	accepting chan acceptance
	leaving   chan struct{} // closed when a stop begins
	stopped   chan struct{}
	groups    sync.WaitGroup

	mu           sync.RWMutex
	lanes        map[string]Lane
	catchUpEvery time.Duration
	catchUpJob   rivertype.PeriodicJobHandle

	// telling has one notice told at a time, and so each once.
	telling sync.Mutex
}

// abandoned is how long an attempt can be under way before whoever made it is
// taken for gone.
func (w *Work) abandoned() time.Duration { return w.options.Limit + w.options.Margin }

func newWork(o Options, s store) *Work {
	return &Work{options: o.withDefaults(), store: s, accepting: make(chan acceptance), leaving: make(chan struct{}), stopped: make(chan struct{})}
}

// store is the database: who writes, who reads, and what differs.
type store struct {
	db      *sql.DB
	readers *sql.DB
	group   *group // nil where the server groups commits
	lock    string // the clause by which a reader keeps other relays from a row
	size    func(context.Context) (int64, error)
	// shrink gives some free space back to the disk, and tells whether there
	// is more.
	shrink func(context.Context) (bool, error)
	close  func() error
}

// lane returns the target that an action goes to.
func (w *Work) lane(name string) (Lane, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	l, ok := w.lanes[name]
	return l, ok
}

// Delivery is one rule's work for one event.
type Delivery struct {
	ID      string      `json:"id"`
	EventID string      `json:"event_id"`
	Action  rule.Action `json:"action"`
	State   State       `json:"state"`
	// Note is a sentence about the state.
	Note string `json:"note"`
	// URL is where the effect can be seen.
	URL string `json:"url,omitempty"`
	// Tries counts attempts since it was last made ready by hand.
	Tries   int       `json:"tries"`
	Due     time.Time `json:"due"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// Attempt is one try.
type Attempt struct {
	Number   int       `json:"number"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"`
	// Outcome is done or a [target.Verdict]; empty while it is under way.
	Outcome string `json:"outcome"`
	Status  int    `json:"status,omitempty"`
	Note    string `json:"note"`
	// Exchanges are its requests and their answers.
	Exchanges []target.Exchange `json:"exchanges"`
}

// errorf names what was being done.
func errorf(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
