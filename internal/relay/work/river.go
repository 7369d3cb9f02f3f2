package work

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"modernc.org/sqlite"
	sqlitecode "modernc.org/sqlite/lib"

	"github.com/afterdeploy/afterdeploy/internal/relay/lite"
	"github.com/afterdeploy/afterdeploy/internal/relay/pg"
)

// File is the database of work within the data directory: a file of its own,
// so that work never makes an acknowledgement wait.
const File = "work.db"

// queue is River's client, whichever database it is on.
type queue interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	InsertMany(ctx context.Context, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error)
	Queues() *river.QueueBundle
	PeriodicJobs() *river.PeriodicJobBundle
}

// wakeArgs is the job that looks at a delivery.
type wakeArgs struct {
	Delivery string `json:"delivery"`
}

// Kind implements [river.JobArgs].
func (wakeArgs) Kind() string { return "wake" }

// waker works on wake jobs.
type waker struct {
	river.WorkerDefaults[wakeArgs]
	work *Work
}

// Work implements [river.Worker].
func (k waker) Work(ctx context.Context, job *river.Job[wakeArgs]) error {
	again, err := k.work.attempt(ctx, job.Args.Delivery)
	if err != nil {
		return err
	}
	if again > 0 {
		return river.JobSnooze(again)
	}
	return nil
}

// sweepArgs is the job that makes up for what a crash left undone. River's leader
// inserts it, so that of several relays one does it.
type sweepArgs struct{}

// Kind implements [river.JobArgs].
func (sweepArgs) Kind() string { return "sweep" }

type sweeper struct {
	river.WorkerDefaults[sweepArgs]
	work *Work
}

// Work implements [river.Worker].
func (s sweeper) Work(ctx context.Context, _ *river.Job[sweepArgs]) error {
	return s.work.sweep(ctx, settling)
}

// sweepEvery is how long a lost wake or notice can stay lost.
const sweepEvery = 30 * time.Second

// OpenSQLite opens the work of a data directory. The caller holds the
// directory's lock.
func OpenSQLite(ctx context.Context, dir string, o Options) (*Work, error) {
	path := filepath.Join(dir, File)
	db, err := lite.Open(ctx, path, lite.Options{})
	if err != nil {
		return nil, errorf("open work", err)
	}
	readers, err := lite.OpenReader(ctx, path)
	if err != nil {
		return nil, errors.Join(errorf("open work", err), db.Close())
	}
	w := newWork(o, store{
		db: db, readers: readers, group: &group{db: db},
		size:   func(context.Context) (int64, error) { return lite.Size(path) },
		shrink: func(ctx context.Context) (bool, error) { return lite.Shrink(ctx, db) },
		close:  func() error { return errors.Join(readers.Close(), db.Close()) },
	})
	err = w.open(ctx, func() (err error) {
		w.queue, err = client(ctx, riversqlite.New(db), w)
		return err
	})
	if err == nil {
		err = w.orphaned(ctx)
	}
	if err != nil {
		return nil, errors.Join(errorf("open work", err), w.store.close())
	}
	return w, nil
}

// orphaned takes back what a relay before this one left running, and its office
// as leader. Elsewhere that shows after some time; here the lock says that it is
// gone.
func (w *Work) orphaned(ctx context.Context) error {
	return w.store.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err1 := tx.ExecContext(ctx, `UPDATE delivery SET updated = 0 WHERE state = 'running'`)
		_, err2 := tx.ExecContext(ctx, `UPDATE river_job SET state = 'available' WHERE state = 'running'`)
		_, err3 := tx.ExecContext(ctx, `DELETE FROM river_leader`)
		return errors.Join(err1, err2, err3)
	})
}

// OpenPostgres opens the work on a Postgres database, which several relays may
// share. The caller closes db, after the work.
func OpenPostgres(ctx context.Context, db *pg.DB, o Options) (*Work, error) {
	w := newWork(o, store{
		db: db.SQL, readers: db.SQL, lock: "FOR UPDATE",
		size: func(ctx context.Context) (int64, error) {
			return pg.Size(ctx, db.SQL, "delivery", "attempt", "river_job")
		},
		shrink: func(context.Context) (bool, error) { return false, nil }, // autovacuum does it
		close:  func() error { return nil },
	})
	err := pg.Alone(ctx, db.SQL, func() error {
		return w.open(ctx, func() (err error) {
			w.queue, err = client(ctx, riverpgxv5.New(db.Pool), w)
			return err
		})
	})
	return w, errorf("open work", err)
}

func (w *Work) open(ctx context.Context, connect func() error) error {
	if err := connect(); err != nil {
		return err
	}
	return w.store.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range schema() {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("create tables: %w", err)
			}
		}
		return nil
	})
}

// client brings River's tables up to date and connects to them.
func client[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], w *Work) (*river.Client[TTx], error) {
	quiet := slog.New(quieter{w.options.Log.Handler()})
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("create River's tables: %w", err)
	}
	workers := river.NewWorkers()
	if err := errors.Join(
		river.AddWorkerSafely(workers, waker{work: w}),
		river.AddWorkerSafely(workers, sweeper{work: w}),
		river.AddWorkerSafely(workers, catcher{work: w}),
	); err != nil {
		return nil, err
	}
	return river.NewClient(driver, &river.Config{
		Logger: quiet,
		// What became of a delivery is in our own tables.
		CompletedJobRetentionPeriod: time.Minute,
		PollOnly:                    w.options.Poll > 0,
		FetchPollInterval:           w.options.Poll,
		FetchCooldown:               20 * time.Millisecond,
		JobTimeout:                  w.options.Limit + min(10*time.Second, w.options.Margin/2), // an attempt ends first, and is written down
		RescueStuckJobsAfter:        w.abandoned(),
		SoftStopTimeout:             w.options.Grace,
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}},
		Workers:                     workers,
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(
			river.PeriodicInterval(sweepEvery),
			func() (river.JobArgs, *river.InsertOpts) { return sweepArgs{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true},
		)},
	})
}

// isBusy reports whether another delivery has the order key's one place.
func (store) isBusy(err error) bool {
	var (
		lite *sqlite.Error
		big  *pgconn.PgError
	)
	return errors.As(err, &lite) && lite.Code() == sqlitecode.SQLITE_CONSTRAINT_UNIQUE ||
		errors.As(err, &big) && big.Code == "23505" // unique_violation
}

// lane's queue in River, whose names are narrower than a rules file's.
func queueOf(target string) string {
	sum := sha256.Sum256([]byte(target))
	return "target-" + hex.EncodeToString(sum[:8])
}
