package relay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/pg"
	"github.com/afterdeploy/afterdeploy/internal/relay/route"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// openStores opens what the options name.
func (r *Relay) openStores(ctx context.Context) error {
	unlock, err := lock(r.options.Data)
	if err != nil {
		return err
	}
	r.close = append(r.close, unlock)
	r.metrics = newMetrics(r)
	open := r.openSQLite
	if !r.options.Database.IsZero() {
		open = r.openPostgres
	}
	if err := open(ctx, work.Options{
		Log: r.options.Log, Tell: r.router.Tell, Attempted: r.metrics.attempted, CatchUp: r.catchUp, Limit: r.options.Limit, Margin: r.options.Margin,
	}); err != nil {
		return err
	}
	r.inbox.Observe(r.metrics.committed)
	return nil
}

func (r *Relay) openSQLite(ctx context.Context, o work.Options) (err error) {
	if r.inbox, err = inbox.OpenSQLite(ctx, r.options.Data, r.options.MostBytes); err != nil {
		return err
	}
	r.close = append(r.close, r.inbox.Close)
	if r.work, err = work.OpenSQLite(ctx, r.options.Data, o); err == nil {
		r.close = append(r.close, r.stopWork)
	}
	return err
}

func (r *Relay) openPostgres(ctx context.Context, o work.Options) error {
	db, err := pg.Open(ctx, r.options.Database)
	if err != nil {
		return err
	}
	r.close = append(r.close, db.Close)
	if r.inbox, err = inbox.OpenPostgres(ctx, db.SQL); err != nil {
		return err
	}
	if r.work, err = work.OpenPostgres(ctx, db, o); err == nil {
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

// OpenJournal opens the stores of a relay that does not run.
func OpenJournal(ctx context.Context, dir string) (*journal.Local, func() error, error) {
	r := &Relay{options: Options{Data: dir}}
	r.router = &route.Router{}
	if err := r.openStores(ctx); err != nil {
		return nil, nil, errors.Join(err, r.Close())
	}
	return &journal.Local{Inbox: r.inbox, Work: r.work, Dir: dir}, r.Close, nil
}
