package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rows"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
)

// busy is how long a delivery waits for another one of its order key.
const busy = time.Second

// begun is an attempt that is committed as started, or why there is none.
type begun struct {
	action rule.Action
	number int // the attempt's; 0 means that there is none
	tries  int // attempts on this round of the schedule
	// wait is when to look again where there is none now; 0 means never.
	wait time.Duration
	took time.Duration // by the attempt
	// exchanges are the attempt's requests and their answers.
	exchanges []target.Exchange
}

// begin decides whether a delivery is to be attempted now, and if so commits
// that the attempt has started: before the request leaves, so that a crash
// leaves a trace.
func (w *Work) begin(ctx context.Context, id string, now time.Time) (begun, error) {
	var b begun
	err := w.store.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		d, err := w.load(ctx, tx, id)
		if err != nil {
			return err
		}
		b, err = w.decide(ctx, tx, d, now)
		return err
	})
	if w.store.isBusy(err) {
		return begun{wait: busy}, nil
	}
	return b, errorf("begin attempt at "+id, err)
}

// current is what decides about an attempt.
type current struct {
	Delivery
	service  string
	attempts int
	since    int64 // rank: age of the subject, finality, time of the event
	final    int64
	occurred int64
	expires  int64
}

// load reads a delivery, and keeps other relays from it until tx ends.
func (w *Work) load(ctx context.Context, tx *sql.Tx, id string) (current, error) {
	row := tx.QueryRowContext(ctx, `
SELECT `+head+`, service, attempts, subject_since, final, occurred, expires FROM delivery WHERE id = $1 `+w.store.lock, id)
	var d current
	err := d.scan(row, &d.service, &d.attempts, &d.since, &d.final, &d.occurred, &d.expires)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return d, err
}

func (w *Work) decide(ctx context.Context, tx *sql.Tx, d current, now time.Time) (begun, error) {
	if d.State == Running {
		gone, err := w.abandon(ctx, tx, &d, now)
		if err != nil || !gone {
			return begun{wait: d.Updated.Add(w.abandoned()).Sub(now)}, err
		}
	}
	switch {
	case d.State != Ready && d.State != Retry:
		return begun{}, nil
	case d.Due.After(now):
		return begun{wait: d.Due.Sub(now)}, nil
	case d.expires != 0 && d.expires < now.UnixMilli():
		return begun{}, w.settle(ctx, tx, d, Dead, "the event is older than the rule's max-age", now)
	}
	var pause string
	err := tx.QueryRowContext(ctx, `SELECT note FROM paused_target WHERE name = $1`, d.Action.Target).Scan(&pause)
	if err == nil {
		return begun{}, w.settle(ctx, tx, d, Paused, "the target is paused: "+pause, now)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return begun{}, err
	}
	return w.start(ctx, tx, d, now)
}

// abandon ends an attempt whose maker is gone. If nobody can know whether it had
// its effect, the delivery waits for a person.
func (w *Work) abandon(ctx context.Context, tx *sql.Tx, d *current, now time.Time) (bool, error) {
	if d.Updated.Add(w.abandoned()).After(now) {
		return false, nil
	}
	verdict, note := target.Unknown, "the relay ended during the attempt, and the request may have been carried out"
	d.State = Unknown
	if target.Idempotent(d.Action.Do) {
		verdict, note = target.Retry, "the relay ended during the attempt"
		d.State = Retry
	}
	if _, err := tx.ExecContext(ctx, `
UPDATE attempt SET finished = $2, outcome = $3, note = $4 WHERE delivery_id = $1 AND finished IS NULL`,
		d.ID, now.UnixMilli(), verdict, note); err != nil {
		return false, err
	}
	return true, w.settle(ctx, tx, *d, d.State, note, now)
}

// isOvertaken reports whether something newer was written under the same order
// key: for a newer subject, or the final word on the same one, or later news.
func isOvertaken(ctx context.Context, tx *sql.Tx, d current) (bool, error) {
	if d.Action.OrderKey == "" {
		return false, nil
	}
	var n int
	err := tx.QueryRowContext(ctx, `
SELECT count(*) FROM delivery WHERE order_key = $1 AND state = 'done' AND order_key <> ''
	AND (subject_since, final, occurred) > ($2, $3, $4)`, d.Action.OrderKey, d.since, d.final, d.occurred).Scan(&n)
	return n > 0, err
}

// start takes the order key's one place and then looks whether it comes too
// late: nobody else can write under the key from here on.
func (w *Work) start(ctx context.Context, tx *sql.Tx, d current, now time.Time) (begun, error) {
	if _, err := tx.ExecContext(ctx, `
UPDATE delivery SET state = 'running', tries = $3, attempts = $4, updated = $2 WHERE id = $1`,
		d.ID, now.UnixMilli(), d.Tries+1, d.attempts+1); err != nil {
		return begun{}, err
	}
	overtaken, err := isOvertaken(ctx, tx, d)
	if err != nil {
		return begun{}, err
	}
	if overtaken {
		return begun{}, w.settle(ctx, tx, d, Superseded, "something newer is written already", now)
	}
	b := begun{action: d.Action, number: d.attempts + 1, tries: d.Tries + 1}
	_, err = tx.ExecContext(ctx, `
INSERT INTO attempt (delivery_id, number, started) VALUES ($1, $2, $3)`, d.ID, b.number, now.UnixMilli())
	return b, err
}

// settle gives a delivery a new state outside an attempt.
func (w *Work) settle(ctx context.Context, tx *sql.Tx, d current, to State, note string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
UPDATE delivery SET state = $2, note = $3, updated = $4, tries = $5, attempts = $6, untold = $7 WHERE id = $1`,
		d.ID, to, note, now.UnixMilli(), d.Tries, d.attempts, flag(to == Dead && d.service != rule.Relay))
	return err
}

// attempt makes one attempt at a delivery, if it is time. It returns when to
// look at it again; 0 means never.
func (w *Work) attempt(ctx context.Context, id string) (again time.Duration, err error) {
	b, err := w.begin(ctx, id, time.Now())
	if errors.Is(err, ErrNotFound) {
		return 0, nil // pruned
	}
	if err != nil {
		return 0, err
	}
	if b.number == 0 {
		return b.wait, w.tell(ctx)
	}
	recorded, exchanges := target.Record(ctx)
	began := time.Now()
	result, err := w.deliver(recorded, b.action)
	b.took, b.exchanges = time.Since(began), exchanges.List()
	// The attempt was made, whatever became of ctx.
	return w.finish(context.WithoutCancel(ctx), id, b, result, err)
}

func (w *Work) deliver(ctx context.Context, a rule.Action) (target.Result, error) {
	lane, ok := w.lane(a.Target)
	if !ok {
		return target.Result{}, &target.Error{Verdict: target.Retry, Err: fmt.Errorf("target %s is not in the rules file", a.Target)}
	}
	ctx, cancel := context.WithTimeout(ctx, w.options.Limit)
	defer cancel()
	return lane.Target.Deliver(ctx, a)
}

// ending is what becomes of a delivery after an attempt.
type ending struct {
	outcome string
	state   State
	status  int
	note    string
	url     string
	wait    time.Duration
	pause   bool
}

// end reads an attempt's outcome. Tries counts the attempts of this round.
func end(do rule.Do, tries int, random float64, result target.Result, err error) ending {
	if err == nil {
		return ending{outcome: "done", state: Done, status: result.Status, note: result.Note, url: result.URL}
	}
	f := target.Judge(do, err)
	e := ending{outcome: string(f.Verdict), status: f.Status, note: f.Error()}
	switch f.Verdict {
	case target.Retry:
		wait, ok := next(tries, random, f.After)
		e.state, e.wait = Retry, wait
		if !ok {
			e.state, e.wait, e.note = Dead, 0, "the last attempt failed: "+e.note
		}
	case target.Pause:
		e.state, e.pause = Paused, true
	case target.Unknown:
		e.state = Unknown
	default:
		e.state = Dead
	}
	return e
}

// finish commits how an attempt ended.
func (w *Work) finish(ctx context.Context, id string, b begun, result target.Result, failed error) (time.Duration, error) {
	now := time.Now()
	e := end(b.action.Do, b.tries, w.options.Random(), result, failed)
	e.note, e.url = clip(rows.Text(e.note)), rows.Text(e.url)
	said, err := json.Marshal(b.exchanges)
	if err != nil {
		return 0, errorf("finish attempt at "+id, err)
	}
	err = w.store.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
UPDATE attempt SET finished = $3, outcome = $4, status = $5, note = $6, exchanges = $7 WHERE delivery_id = $1 AND number = $2`,
			id, b.number, now.UnixMilli(), e.outcome, e.status, e.note, string(said)); err != nil {
			return err
		}
		if e.pause {
			if _, err := tx.ExecContext(ctx, `
INSERT INTO paused_target (name, since, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
				b.action.Target, now.UnixMilli(), e.note); err != nil {
				return err
			}
		}
		// Nothing is told about the telling, or it would never end.
		_, err := tx.ExecContext(ctx, `
UPDATE delivery SET state = $2, note = $3, url = $4, due = $5, updated = $6,
	untold = CASE WHEN service <> '`+rule.Relay+`' THEN CAST($7 AS BIGINT) ELSE 0 END
WHERE id = $1 AND state = 'running' AND attempts = $8`, // another may be under way, if this one was taken for gone
			id, e.state, e.note, e.url, now.Add(e.wait).UnixMilli(), now.UnixMilli(), flag(e.pause || e.state == Dead), b.number)
		return err
	})
	if err != nil {
		return 0, errorf("finish attempt at "+id, err)
	}
	w.options.Attempted(b.action.Target, e.outcome, b.took)
	w.options.Log.Info("attempt", "delivery", id, "target", b.action.Target, "outcome", e.outcome, "state", e.state, "status", e.status, "note", e.note)
	if e.pause || e.state == Dead {
		err = w.tell(ctx)
	}
	return e.wait, err
}

// clip bounds what is kept of somebody else's words.
func clip(text string) string {
	const most = 1000
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}

// decode reads an action as it was kept.
func decode(text string) (a rule.Action, err error) { return a, json.Unmarshal([]byte(text), &a) }
