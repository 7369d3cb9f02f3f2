// Package relay is the whole server: webhooks come in at one end, deliveries go
// out at the other. It only puts the rooms together and starts and stops them
// in the right order.
package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/enrich"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/route"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Options of a relay.
type Options struct {
	// Rules is the path of the rules file.
	Rules string
	// Data is the directory of SQLite's files and of what the relay notes for
	// itself.
	Data string
	// Database is the URL of a Postgres that is used instead of SQLite.
	Database secret.String
	// Listen is where webhooks come in, Admin where people look.
	Listen, Admin string
	// Token opens the admin listener.
	Token secret.String
	// Bodies is how long headers and bodies of events are kept, and what
	// attempts asked and were answered; 0 means 30 days. Keep is how long the
	// rest is kept, dedupe keys among it; 0 means 30 days longer.
	Bodies, Keep time.Duration
	// MostBytes bounds the inbox's file; 0 leaves that to the disk.
	MostBytes int64
	// Limit bounds one attempt, Margin is how long after that its maker is
	// taken for gone, and Lease how long after its claim who routes an event is.
	// 0 leaves them as they are.
	Limit, Margin, Lease time.Duration
	// Grace is how long a webhook may take to arrive after the service's API
	// says what it says, before it is taken for missed. 0 leaves it as it is.
	Grace time.Duration
	// Getenv and ReadFile resolve the secrets that the rules file names.
	Getenv   func(string) string
	ReadFile func(string) ([]byte, error)
	// Client makes the calls to targets.
	Client  *http.Client
	Log     *slog.Logger
	Version string
	// Opened, if set, is told where the doors are once they are open.
	Opened func(front, back net.Addr)
}

const (
	keepBodies = 30 * 24 * time.Hour
	keepLonger = 30 * 24 * time.Hour
)

// Relay is an opened relay.
type Relay struct {
	options Options
	rules   atomic.Pointer[route.Rules]
	inbox   *inbox.Inbox
	work    *work.Work
	router  *route.Router
	metrics *metrics
	close   []func() error // last opened, first closed
	stopped bool           // work has ended
}

// Open reads the rules and opens the stores. It refuses a data directory that
// another relay works on.
func Open(ctx context.Context, o Options) (*Relay, error) {
	o.Bodies = cmp.Or(o.Bodies, keepBodies)
	o.Keep = cmp.Or(o.Keep, o.Bodies+keepLonger)
	if o.Keep < o.Bodies {
		// Else an event that came again could become deliveries that were done.
		return nil, fmt.Errorf("events are to be kept %v and their bodies %v: want the events as long as the bodies", o.Keep, o.Bodies)
	}
	r := &Relay{options: o}
	if _, err := r.load(); err != nil {
		return nil, err
	}
	r.router = route.New(route.Router{
		Rules: func() route.Rules { return *r.rules.Load() }, Enrich: enrich.Enricher{HTTP: o.Client}.Enrich, Log: o.Log, Lease: o.Lease,
	})
	if err := r.openStores(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.router.Inbox, r.router.Work = r.inbox, r.work
	return r, nil
}

// load reads the rules file and puts it in force.
func (r *Relay) load() (route.Rules, error) {
	rules, err := LoadRules(r.options)
	if err == nil {
		r.rules.Store(&rules)
	}
	return rules, err
}

// LoadRules reads a rules file and makes its sources.
func LoadRules(o Options) (route.Rules, error) {
	text, err := o.ReadFile(o.Rules)
	if err != nil {
		return route.Rules{}, fmt.Errorf("read rules: %w", err)
	}
	file, err := rule.Load(text, rule.Lookup(o.Getenv, o.ReadFile))
	if err != nil {
		return route.Rules{}, fmt.Errorf("%s: %w", o.Rules, err)
	}
	rules := route.Rules{File: file, Sources: make(map[string]*source.Source, len(file.Sources))}
	for _, config := range file.Sources {
		src, err := source.New(config)
		if err != nil {
			return route.Rules{}, fmt.Errorf("source %s: %w", config.Name, err)
		}
		rules.Sources[config.Name] = src
	}
	return rules, nil
}

// lanes makes the targets of a rules file.
func (r *Relay) lanes(file *rule.File) ([]work.Lane, error) {
	lanes := make([]work.Lane, 0, len(file.Targets))
	for _, config := range file.Targets {
		made, err := target.New(r.options.Client, config)
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, work.Lane{Name: config.Name, Concurrency: max(1, config.Concurrency), Target: made})
	}
	return lanes, nil
}

// CheckTargets makes the targets of a rules file, and keeps none: what is wrong
// with a key or an address shows without a call.
func CheckTargets(file *rule.File) error {
	var errs []error
	for _, config := range file.Targets {
		_, err := target.New(http.DefaultClient, config)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Reload reads the rules file again. Everything is made anew from it, so
// nothing that changed can be overlooked, a rotated token least of all. If the
// file is not good, what was in force stays.
func (r *Relay) Reload(ctx context.Context) error {
	rules, err := LoadRules(r.options)
	if err != nil {
		return err
	}
	lanes, err := r.lanes(rules.File)
	if err != nil {
		return err
	}
	// First what comes in: a changed target waits for its attempts under way.
	r.rules.Store(&rules)
	if err := r.work.SetLanes(ctx, lanes); err != nil {
		return err
	}
	if err := r.work.SetCatchUp(rules.File.CatchUp); err != nil {
		return err
	}
	n, err := r.work.Resume(ctx, "")
	r.options.Log.Info("rules loaded", "sources", len(rules.Sources), "targets", len(lanes), "rules", len(rules.File.Rules), "resumed", n)
	return err
}

// Source finds a source in the rules in force.
func (r *Relay) Source(name string) (*source.Source, bool) {
	src, ok := r.rules.Load().Sources[name]
	return src, ok
}

// Journal tells what came and what became of it.
func (r *Relay) Journal() *journal.Local {
	j := &journal.Local{
		Inbox: r.inbox, Work: r.work, Wake: r.router.Wake,
		InForce: func() route.Rules { return *r.rules.Load() },
	}
	if r.options.Database.IsZero() { // else its disk is not this machine's
		j.Dir = r.options.Data
	}
	return j
}
