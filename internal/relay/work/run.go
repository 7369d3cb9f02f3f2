package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
)

// Start begins to carry deliveries out and goes on until [Work.Stop].
func (w *Work) Start(ctx context.Context) error {
	// River stops by Stop, which lets attempts end, and not with ctx.
	if err := w.queue.Start(context.WithoutCancel(ctx)); err != nil {
		return errorf("start work", err)
	}
	w.groups.Go(func() { w.acceptGroups(context.WithoutCancel(ctx)) })
	return w.sweep(ctx, 0) // nothing is on its way yet, and if it is elsewhere, no harm
}

// endTime is what writing down the last attempts may take after their grace.
const endTime = 10 * time.Second

// Stop begins no more attempts, gives those under way their grace, and closes
// the store.
func (w *Work) Stop(ctx context.Context) error {
	close(w.leaving)
	// River can wait for ever for a queue that was taken away as soon as it had
	// started. What is left then is found at the next start, as after a crash.
	ctx, cancel := context.WithTimeout(ctx, w.options.Grace+endTime)
	defer cancel()
	err := w.queue.Stop(ctx)
	close(w.stopped)
	w.groups.Wait()
	return errors.Join(errorf("stop work", err), w.store.close())
}

// SetLanes replaces the targets. What is under way ends as it began; what waits
// for a target that is gone waits until it is back.
func (w *Work) SetLanes(ctx context.Context, lanes []Lane) error {
	w.mu.Lock()
	old := w.lanes
	w.lanes = make(map[string]Lane, len(lanes))
	for _, l := range lanes {
		w.lanes[l.Name] = l
	}
	fresh := w.lanes
	w.mu.Unlock()

	for name, l := range old {
		if fresh[name].Concurrency != l.Concurrency {
			if err := w.queue.Queues().Remove(ctx, queueOf(name)); err != nil {
				return fmt.Errorf("remove target %s: %w", name, err)
			}
		}
	}
	for name, l := range fresh {
		if old[name].Concurrency == l.Concurrency {
			continue
		}
		if err := w.queue.Queues().Add(queueOf(name), river.QueueConfig{MaxWorkers: l.Concurrency}); err != nil {
			return fmt.Errorf("add target %s: %w", name, err)
		}
	}
	return nil
}

// settling is how long a wake can be on its way before it is taken for lost,
// overdue how long it can have no effect. A second wake does no harm.
const (
	settling = 10 * time.Second
	overdue  = 10 * time.Minute
)

// sweep wakes deliveries whose wake was lost, and tells what was not told. A
// wake younger than settling may be on its way.
func (w *Work) sweep(ctx context.Context, settling time.Duration) error {
	now := time.Now()
	return errors.Join(
		w.wake(ctx, `woken = 0 AND updated < $1`, now.Add(-settling).UnixMilli()),
		w.wake(ctx, `woken < $1 AND due < $1`, now.Add(-overdue).UnixMilli()),
		w.tell(ctx),
	)
}

// wake has somebody look at the deliveries that are not finished and fit a
// condition.
func (w *Work) wake(ctx context.Context, where string, args ...any) error {
	for {
		n, err := w.wakeSome(ctx, where, args)
		if err != nil {
			return errorf("wake deliveries", err)
		}
		if n < mostWoken {
			return nil
		}
	}
}

const mostWoken = 500

// wakeSome inserts jobs and then notes that it did. A crash between the two
// makes a second job, which finds nothing to do.
func (w *Work) wakeSome(ctx context.Context, where string, args []any) (int, error) {
	found, err := w.store.readers.QueryContext(ctx, fmt.Sprintf(`
SELECT id, target FROM delivery WHERE %s AND state IN ('ready', 'retry', 'running') ORDER BY updated LIMIT %d`, where, mostWoken), args...)
	if err != nil {
		return 0, err
	}
	type asleep struct{ id, target string }
	list, err := rows.Collect(found, func(r *sql.Rows) (a asleep, err error) { return a, r.Scan(&a.id, &a.target) })
	if err != nil || len(list) == 0 {
		return 0, err
	}
	jobs, noted := make([]river.InsertManyParams, len(list)), []any{time.Now().UnixMilli()}
	for i, a := range list {
		jobs[i] = river.InsertManyParams{Args: wakeArgs{a.id}, InsertOpts: &river.InsertOpts{Queue: queueOf(a.target)}}
		noted = append(noted, a.id)
	}
	if _, err := w.queue.InsertMany(ctx, jobs); err != nil {
		return 0, err
	}
	_, err = w.store.db.ExecContext(ctx, `UPDATE delivery SET woken = $1 WHERE id IN (`+places(2, len(list))+`)`, noted...)
	return len(list), err
}

// tell passes on what rules may want to know: each notice until it is taken.
func (w *Work) tell(ctx context.Context) error {
	if w.options.Tell == nil {
		return nil
	}
	w.telling.Lock()
	defer w.telling.Unlock()
	found, err := w.store.readers.QueryContext(ctx, `
SELECT `+head+` FROM delivery WHERE untold = 1 ORDER BY updated LIMIT 100`)
	if err != nil {
		return errorf("look for news", err)
	}
	list, err := rows.Collect(found, func(r *sql.Rows) (d Delivery, err error) { return d, d.scan(r) })
	if err != nil {
		return errorf("look for news", err)
	}
	for _, d := range list {
		if err := w.options.Tell(ctx, noticeOf(d)); err != nil {
			return errorf("tell of "+d.ID, err)
		}
		if _, err := w.store.db.ExecContext(ctx, `
UPDATE delivery SET untold = 0 WHERE id = $1 AND updated = $2`, d.ID, d.Updated.UnixMilli()); err != nil {
			return errorf("tell of "+d.ID, err)
		}
	}
	return nil
}

func noticeOf(d Delivery) Notice {
	name := DeliveryDead
	if d.State == Paused {
		name = TargetPaused
	}
	return Notice{Name: name, Key: fmt.Sprintf("%s:%s:%d", name, d.ID, d.Updated.UnixMilli()), Delivery: d}
}
