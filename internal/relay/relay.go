// Package relay is the whole server: webhooks come in at one end, deliveries go
// out at the other. It only puts the rooms together and starts and stops them
// in the right order.
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/enrich"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/pg"
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
	// Keep is how long bodies and deliveries are kept; keys are kept 30 days
	// longer. 0 means 30 days.
	Keep time.Duration
	// MostBytes bounds the inbox's file; 0 leaves that to the disk.
	MostBytes int64
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
	keepKeys   = 30 * 24 * time.Hour // longer
)

// Relay is an opened relay.
type Relay struct {
	options Options
	rules   atomic.Pointer[route.Rules]
	inbox   *inbox.Inbox
	work    *work.Work
	router  *route.Router
	close   []func() error // last opened, first closed
	stopped bool           // work has ended
}

// Open reads the rules and opens the stores. It refuses a data directory that
// another relay works on.
func Open(ctx context.Context, o Options) (*Relay, error) {
	if o.Keep == 0 {
		o.Keep = keepBodies
	}
	r := &Relay{options: o}
	if _, err := r.load(); err != nil {
		return nil, err
	}
	r.router = route.New(route.Router{
		Rules: func() route.Rules { return *r.rules.Load() }, Enrich: enrich.Enricher{HTTP: o.Client}.Enrich, Log: o.Log,
	})
	if err := r.openStores(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.router.Inbox, r.router.Work = r.inbox, r.work
	return r, nil
}

func (r *Relay) openStores(ctx context.Context) error {
	unlock, err := lock(r.options.Data)
	if err != nil {
		return err
	}
	r.close = append(r.close, unlock)
	worked := work.Options{Log: r.options.Log, Tell: r.router.Tell}
	if r.options.Database.IsZero() {
		if r.inbox, err = inbox.OpenSQLite(ctx, r.options.Data, r.options.MostBytes); err != nil {
			return err
		}
		r.close = append(r.close, r.inbox.Close)
		if r.work, err = work.OpenSQLite(ctx, r.options.Data, worked); err == nil {
			r.close = append(r.close, r.stopWork)
		}
		return err
	}
	db, err := pg.Open(ctx, r.options.Database)
	if err != nil {
		return err
	}
	r.close = append(r.close, db.Close)
	if r.inbox, err = inbox.OpenPostgres(ctx, db.SQL); err != nil {
		return err
	}
	if r.work, err = work.OpenPostgres(ctx, db, worked); err == nil {
		r.close = append(r.close, r.stopWork)
	}
	return err
}

func lock(dir string) (func() error, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	return inbox.Lock(dir)
}

// stopWork lets attempts under way end, once.
func (r *Relay) stopWork() error {
	if r.stopped {
		return nil
	}
	r.stopped = true
	return r.work.Stop(context.Background())
}

// Close closes what Open opened. A relay that served is closed already.
func (r *Relay) Close() error {
	var errs []error
	for _, one := range slices.Backward(r.close) {
		errs = append(errs, one())
	}
	r.close = nil
	return errors.Join(errs...)
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

// OpenJournal opens the stores of a relay that does not run.
func OpenJournal(ctx context.Context, dir string) (*journal.Local, func() error, error) {
	r := &Relay{options: Options{Data: dir}}
	r.router = &route.Router{}
	if err := r.openStores(ctx); err != nil {
		return nil, nil, errors.Join(err, r.Close())
	}
	return &journal.Local{Inbox: r.inbox, Work: r.work}, r.Close, nil
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
	return &journal.Local{Inbox: r.inbox, Work: r.work, Source: r.Source, Wake: r.router.Wake}
}
