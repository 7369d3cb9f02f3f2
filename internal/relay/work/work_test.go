package work_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// TestContract holds for every engine.
func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		contract(t, func(t *testing.T, o work.Options) *work.Work { return openSQLite(t, t.TempDir(), o) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Start(t)
		contract(t, func(t *testing.T, o work.Options) *work.Work {
			w, err := work.OpenPostgres(t.Context(), pgtest.OpenSchema(t, url), o)
			if err != nil {
				t.Fatal(err)
			}
			return w
		})
	})
}

func openSQLite(t *testing.T, dir string, o work.Options) *work.Work {
	t.Helper()
	w, err := work.OpenSQLite(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// opener makes a work that is not started.
type opener func(*testing.T, work.Options) *work.Work

func contract(t *testing.T, open opener) {
	for name, test := range map[string]func(*testing.T, opener){
		"delivers_once":               deliversOnce,
		"retries_on_schedule":         retriesOnSchedule,
		"dead_is_told_and_revived":    deadIsToldAndRevived,
		"unknown_waits_for_a_person":  unknownWaitsForAPerson,
		"many_go_out_again":           manyGoOutAgain,
		"refusal_pauses_the_target":   refusalPausesTheTarget,
		"one_at_a_time":               oneAtATime,
		"late_news_is_superseded":     lateNewsIsSuperseded,
		"reopened_is_news":            reopenedIsNews,
		"too_old_is_dead":             tooOldIsDead,
		"sent_again_is_young_again":   sentAgainIsYoungAgain,
		"concurrency_is_per_target":   concurrencyIsPerTarget,
		"any_words_are_kept":          anyWordsAreKept,
		"problems_are_dead_at_once":   problemsAreDeadAtOnce,
		"nothing_is_told_of_telling":  nothingIsToldOfTelling,
		"a_target_that_is_gone_waits": aTargetThatIsGoneWaits,
		"prunes":                      prunes,
		"prunes_what_was_said":        prunesWhatWasSaid,
		"measures":                    measures,
		"catches_up_on_schedule":      catchesUpOnSchedule,
		"catch_up_ends_with_work":     catchUpEndsWithWork,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

// deliver is a target made of a function.
type deliver func(rule.Action) error

// Deliver implements [target.Target].
func (d deliver) Deliver(_ context.Context, a rule.Action) (target.Result, error) {
	if err := d(a); err != nil {
		return target.Result{}, err
	}
	return target.Result{Status: 201, URL: "https://example.com/" + a.ID, Note: "written"}, nil
}

// fails makes a failure.
func fails(v target.Verdict) error {
	return &target.Error{Verdict: v, Status: 500, Err: errors.New("no luck")}
}

// start opens a work with one target, "there", and stops it after the test.
func start(t *testing.T, open opener, o work.Options, d deliver) *work.Work {
	t.Helper()
	w := open(t, o)
	if err := w.SetLanes(t.Context(), []work.Lane{{Name: "there", Concurrency: 4, Target: d}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

func action(id string) rule.Action {
	return rule.Action{ID: id, Rule: "r", Target: "there", Do: rule.Dispatch}
}

func happened(id string) event.Event {
	return event.Event{ID: id, Service: "bitrise", Received: time.Now()}
}

func accept(t *testing.T, w *work.Work, b work.Batch) int {
	t.Helper()
	n, err := w.Accept(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// await waits until a delivery is in a state.
func await(t *testing.T, w *work.Work, id string, want work.State) work.Delivery {
	t.Helper()
	var got work.Delivery
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var err error
		if got, err = w.Delivery(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if got.State == want {
			return got
		}
	}
	t.Fatalf("delivery %s is %s (%s), want %s", id, got.State, got.Note, want)
	return got
}

func outcomes(t *testing.T, w *work.Work, id string) []string {
	t.Helper()
	attempts, err := w.Attempts(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, a := range attempts {
		list = append(list, a.Outcome)
	}
	return list
}

func deliversOnce(t *testing.T, open opener) {
	var (
		mu    sync.Mutex
		calls = map[string]int{}
	)
	w := start(t, open, work.Options{}, func(a rule.Action) error {
		mu.Lock()
		defer mu.Unlock()
		calls[a.ID]++
		return nil
	})
	b := work.Batch{Event: happened("e"), Actions: []rule.Action{action("a"), action("b")}}
	if n := accept(t, w, b); n != 2 {
		t.Errorf("Accept = %d, want 2", n)
	}
	if n := accept(t, w, b); n != 0 {
		t.Errorf("the second Accept = %d, want 0", n)
	}
	got := await(t, w, "a", work.Done)
	await(t, w, "b", work.Done)
	want := work.Delivery{
		ID: "a", EventID: "e", Action: action("a"), State: work.Done, Note: "written", URL: "https://example.com/a", Tries: 1,
		Due: got.Due, Created: got.Created, Updated: got.Updated,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Delivery (-want +got):\n%s", diff)
	}
	b.Again = true // a done delivery is not done again
	if n := accept(t, w, b); n != 0 {
		t.Errorf("Accept of a repeated event = %d, want 0", n)
	}
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff(map[string]int{"a": 1, "b": 1}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func retriesOnSchedule(t *testing.T, open opener) {
	w := start(t, open, work.Options{Random: func() float64 { return 0.5 }}, func(rule.Action) error {
		return &target.Error{Verdict: target.Retry, Status: 503, After: time.Hour, Err: errors.New("busy")}
	})
	accept(t, w, work.Batch{Event: happened("e"), Actions: []rule.Action{action("a")}})
	got := await(t, w, "a", work.Retry)
	if wait := got.Due.Sub(got.Updated); wait != time.Hour {
		t.Errorf("waits %v, want the hour that was asked for", wait)
	}
	attempts, err := w.Attempts(t.Context(), "a")
	if err != nil || len(attempts) != 1 || attempts[0].Status != 503 || attempts[0].Note != "busy" || attempts[0].Finished.IsZero() {
		t.Errorf("attempts %+v, %v", attempts, err)
	}
	if err := w.Redeliver(t.Context(), "a"); !errors.Is(err, work.ErrUnderway) {
		t.Errorf("Redeliver = %v, want ErrUnderway", err)
	}
	if err := w.Redeliver(t.Context(), "nothing"); !errors.Is(err, work.ErrNotFound) {
		t.Errorf("Redeliver(nothing) = %v, want ErrNotFound", err)
	}
}

// notices gathers what is told. Who tells may tell twice, under one key.
type notices struct {
	mu   sync.Mutex
	keys []string
	list []string
}

func (n *notices) tell(_ context.Context, one work.Notice) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.keys, one.Key) {
		n.keys = append(n.keys, one.Key)
		n.list = append(n.list, one.Name+" "+one.Delivery.ID)
	}
	return nil
}

// await waits for the first notices.
func (n *notices) await(t *testing.T, want ...string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		n.mu.Lock()
		got := slices.Clone(n.list)
		n.mu.Unlock()
		if slices.Equal(got, want) {
			return
		}
	}
	t.Fatalf("told %v, want %v", n.list, want)
}

func deadIsToldAndRevived(t *testing.T, open opener) {
	var (
		mu     sync.Mutex
		mended bool
		told   notices
	)
	w := start(t, open, work.Options{Tell: told.tell}, func(rule.Action) error {
		mu.Lock()
		defer mu.Unlock()
		if !mended {
			return fails(target.Dead)
		}
		return nil
	})
	b := work.Batch{Event: happened("e"), Actions: []rule.Action{action("a")}}
	accept(t, w, b)
	await(t, w, "a", work.Dead)
	told.await(t, "delivery_dead a")
	if failed, err := w.Failed(t.Context(), "e"); !failed || err != nil {
		t.Errorf("Failed = %v, %v", failed, err)
	}
	mu.Lock()
	mended = true
	mu.Unlock()
	if n := accept(t, w, b); n != 0 {
		t.Errorf("routing again revived %d dead deliveries, want 0", n)
	}
	b.Again = true
	if n := accept(t, w, b); n != 1 {
		t.Errorf("sending again revived %d dead deliveries, want 1", n)
	}
	if got := await(t, w, "a", work.Done); got.Tries != 1 {
		t.Errorf("%d tries, want the schedule begun afresh", got.Tries)
	}
	if diff := cmp.Diff([]string{"dead", "done"}, outcomes(t, w, "a")); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

func unknownWaitsForAPerson(t *testing.T, open opener) {
	var (
		mu    sync.Mutex
		calls int
	)
	w := start(t, open, work.Options{}, func(rule.Action) error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == 1 {
			return errors.New("an error that nobody sorted")
		}
		return nil
	})
	b := work.Batch{Event: happened("e"), Actions: []rule.Action{action("a")}}
	accept(t, w, b)
	await(t, w, "a", work.Unknown)
	b.Again = true // perhaps an impatient sender, surely no person who looked
	if n := accept(t, w, b); n != 0 {
		t.Errorf("sending again revived %d unknown deliveries, want 0", n)
	}
	if n, err := w.RedeliverEvent(t.Context(), "e"); n != 1 || err != nil {
		t.Errorf("RedeliverEvent = %d, %v; want 1", n, err)
	}
	await(t, w, "a", work.Done)
	if err := w.Redeliver(t.Context(), "a"); err != nil {
		t.Errorf("Redeliver of what is done = %v", err)
	}
	await(t, w, "a", work.Done)
}

// Whatever a target or an event says can be written down.
func anyWordsAreKept(t *testing.T, open opener) {
	w := start(t, open, work.Options{}, func(rule.Action) error {
		return &target.Error{Verdict: target.Dead, Err: errors.New("refused: \x00\xff")}
	})
	a := status("a", event.StatusSuccess)
	a.OrderKey = "o/r@c/\x00\xff"
	accept(t, w, work.Batch{Event: happened("e"), Actions: []rule.Action{a}})
	if got := await(t, w, "a", work.Dead); got.Note != "refused: \uFFFD" {
		t.Errorf("the note is %q", got.Note)
	}
}

// What is redelivered together is what was chosen: nothing that has ended
// otherwise since.
func manyGoOutAgain(t *testing.T, open opener) {
	w := start(t, open, work.Options{}, func(rule.Action) error { return nil })
	const many = 12
	b := work.Batch{Event: happened("e")}
	var ids []string
	for i := range many {
		a := action(fmt.Sprintf("a%03d", i))
		if i > 0 {
			a.Problem = "it cannot be done"
		}
		b.Actions, ids = append(b.Actions, a), append(ids, a.ID)
	}
	accept(t, w, b)
	await(t, w, "a000", work.Done)
	if n, err := w.RedeliverAll(t.Context(), append(ids, "nothing"), []work.State{work.Dead, work.Unknown}); n != many-1 || err != nil {
		t.Errorf("RedeliverAll = %d, %v; want %d", n, err, many-1)
	}
	for _, id := range []string{"a001", "a011"} {
		await(t, w, id, work.Done)
	}
	if got := outcomes(t, w, "a000"); len(got) != 1 {
		t.Errorf("what was done had attempts %q, want one", got)
	}
}

func refusalPausesTheTarget(t *testing.T, open opener) {
	var (
		mu    sync.Mutex
		valid bool
		calls int
		told  notices
	)
	w := start(t, open, work.Options{Tell: told.tell}, func(rule.Action) error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; !valid {
			return fails(target.Pause)
		}
		return nil
	})
	accept(t, w, work.Batch{Event: happened("e"), Actions: []rule.Action{action("a")}})
	await(t, w, "a", work.Paused)
	accept(t, w, work.Batch{Event: happened("f"), Actions: []rule.Action{action("b")}})
	await(t, w, "b", work.Paused)
	told.await(t, "target_paused a")
	if pauses, err := w.Pauses(t.Context()); err != nil || len(pauses) != 1 || pauses[0].Target != "there" || pauses[0].Note != "no luck" {
		t.Errorf("Pauses = %+v, %v", pauses, err)
	}
	mu.Lock()
	if calls != 1 {
		t.Errorf("%d calls to a target that refused the first, want 1", calls)
	}
	valid = true
	mu.Unlock()
	if n, err := w.Resume(t.Context(), "elsewhere"); n != 0 || err != nil {
		t.Errorf("Resume(elsewhere) = %d, %v; want 0", n, err)
	}
	if n, err := w.Resume(t.Context(), "there"); n != 2 || err != nil {
		t.Errorf("Resume = %d, %v; want 2", n, err)
	}
	await(t, w, "a", work.Done)
	await(t, w, "b", work.Done)
}

// status is an action that overwrites others of its kind.
func status(id string, s event.Status) rule.Action {
	return rule.Action{ID: id, Rule: "r", Target: "there", Do: rule.Status, OrderKey: "o/r@c/ci", Status: s}
}

func oneAtATime(t *testing.T, open opener) {
	var (
		mu           sync.Mutex
		now, highest int
	)
	w := start(t, open, work.Options{}, func(rule.Action) error {
		mu.Lock()
		now++
		highest = max(highest, now)
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		now--
		return nil
	})
	at := time.Now()
	for i := range 6 {
		e := happened(fmt.Sprintf("e%d", i))
		e.Received = at // none is newer than another
		accept(t, w, work.Batch{Event: e, SubjectSince: at, Actions: []rule.Action{status(fmt.Sprintf("a%d", i), event.StatusPending)}})
	}
	for i := range 6 {
		await(t, w, fmt.Sprintf("a%d", i), work.Done)
	}
	if highest != 1 {
		t.Errorf("%d attempts at once under one order key, want 1", highest)
	}
}

func lateNewsIsSuperseded(t *testing.T, open opener) {
	at := time.Now().Add(-time.Hour)
	for name, tt := range map[string]struct {
		first, late           event.Status
		firstSince, lateSince time.Duration // when the subject was first heard of
		firstAt, lateAt       time.Duration // when it happened
		want                  work.State
	}{
		"pending after its own final":     {event.StatusSuccess, event.StatusPending, 0, 0, 1, 2, work.Superseded},
		"older final of the same subject": {event.StatusFailure, event.StatusSuccess, 0, 0, 2, 1, work.Superseded},
		"newer final of the same subject": {event.StatusFailure, event.StatusSuccess, 0, 0, 1, 2, work.Done},
		"pending of a newer build":        {event.StatusSuccess, event.StatusPending, 0, 5, 1, 6, work.Done},
		"final of an older build":         {event.StatusPending, event.StatusFailure, 5, 0, 6, 7, work.Superseded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, open, work.Options{}, func(rule.Action) error { return nil })
			send := func(id string, s event.Status, since, occurred time.Duration) {
				e := happened(id)
				e.Occurred = at.Add(occurred * time.Second)
				accept(t, w, work.Batch{Event: e, SubjectSince: at.Add(since * time.Second), Actions: []rule.Action{status(id, s)}})
			}
			send("first", tt.first, tt.firstSince, tt.firstAt)
			await(t, w, "first", work.Done)
			send("late", tt.late, tt.lateSince, tt.lateAt)
			await(t, w, "late", tt.want)
		})
	}
}

// A bug that was closed can be reopened, which no final status can; what was
// said before it was closed still comes too late.
func reopenedIsNews(t *testing.T, open opener) {
	w := start(t, open, work.Options{}, func(rule.Action) error { return nil })
	at := time.Now().Add(-time.Hour)
	send := func(id string, s event.Status, occurred time.Duration, want work.State) {
		e, a := happened(id), status(id, s)
		e.Occurred, a.Do = at.Add(occurred*time.Second), rule.Issue
		accept(t, w, work.Batch{Event: e, SubjectSince: at, Actions: []rule.Action{a}})
		await(t, w, id, want)
	}
	send("closed", event.StatusClosed, 2, work.Done)
	send("before", event.StatusOpen, 1, work.Superseded)
	send("reopened", event.StatusOpen, 3, work.Done)
}

func tooOldIsDead(t *testing.T, open opener) {
	var told notices
	w := start(t, open, work.Options{Tell: told.tell}, func(rule.Action) error { return nil })
	e := happened("e")
	e.Received = time.Now().Add(-2 * time.Hour)
	old := action("a")
	old.MaxAge = time.Hour
	accept(t, w, work.Batch{Event: e, Actions: []rule.Action{old}})
	if got := await(t, w, "a", work.Dead); !strings.Contains(got.Note, "max-age") {
		t.Errorf("note %q, want it to name max-age", got.Note)
	}
	told.await(t, "delivery_dead a")
	if err := w.Redeliver(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	await(t, w, "a", work.Done) // a person wants it all the same
}

// A redelivery makes an old event wanted again, by the sender's button as by
// hand; what still cannot be done goes on saying why.
func sentAgainIsYoungAgain(t *testing.T, open opener) {
	w := start(t, open, work.Options{}, func(rule.Action) error { return nil })
	e := happened("e")
	e.Received = time.Now().Add(-2 * time.Hour)
	old, bad := action("old"), action("bad")
	old.MaxAge, bad.Problem = time.Hour, "no commit is known"
	b := work.Batch{Event: e, Actions: []rule.Action{old, bad}}
	accept(t, w, b)
	await(t, w, "old", work.Dead)
	b.Again = true
	accept(t, w, b)
	await(t, w, "old", work.Done)
	if got := await(t, w, "bad", work.Dead); got.Note != bad.Problem {
		t.Errorf("note %q, want %q", got.Note, bad.Problem)
	}
}

func concurrencyIsPerTarget(t *testing.T, open opener) {
	stuck := make(chan struct{})
	w := start(t, open, work.Options{}, func(rule.Action) error { return nil })
	other := deliver(func(rule.Action) error { return nil })
	if err := w.SetLanes(t.Context(), []work.Lane{
		{Name: "there", Concurrency: 4, Target: deliver(func(rule.Action) error { <-stuck; return nil })},
		{Name: "other", Concurrency: 1, Target: other},
	}); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		accept(t, w, work.Batch{Event: happened(fmt.Sprintf("e%d", i)), Actions: []rule.Action{action(fmt.Sprintf("a%d", i))}})
	}
	free := action("free")
	free.Target = "other"
	accept(t, w, work.Batch{Event: happened("f"), Actions: []rule.Action{free}})
	await(t, w, "free", work.Done) // whatever is stuck elsewhere
	counts, err := w.Counts(t.Context())
	if err != nil || counts[work.Running] > 4 {
		t.Errorf("%d run, %v; want at most 4", counts[work.Running], err)
	}
	close(stuck)
	for i := range 8 {
		await(t, w, fmt.Sprintf("a%d", i), work.Done)
	}
}

func problemsAreDeadAtOnce(t *testing.T, open opener) {
	var told notices
	w := start(t, open, work.Options{Tell: told.tell}, func(rule.Action) error {
		t.Error("a delivery with a problem was attempted")
		return nil
	})
	bad := action("a")
	bad.Problem = "the expression has no value"
	accept(t, w, work.Batch{Event: happened("e"), Actions: []rule.Action{bad}})
	if got := await(t, w, "a", work.Dead); got.Note != bad.Problem {
		t.Errorf("note %q, want %q", got.Note, bad.Problem)
	}
	told.await(t, "delivery_dead a")
}

func nothingIsToldOfTelling(t *testing.T, open opener) {
	var told notices
	w := start(t, open, work.Options{Tell: told.tell}, func(rule.Action) error { return fails(target.Dead) })
	e := happened("e")
	e.Service = rule.Relay
	accept(t, w, work.Batch{Event: e, Actions: []rule.Action{action("a")}})
	await(t, w, "a", work.Dead)
	accept(t, w, work.Batch{Event: happened("f"), Actions: []rule.Action{action("b")}})
	told.await(t, "delivery_dead b")
}

func aTargetThatIsGoneWaits(t *testing.T, open opener) {
	w := start(t, open, work.Options{}, func(rule.Action) error { return nil })
	lost := action("a")
	lost.Target = "back soon"
	accept(t, w, work.Batch{Event: happened("e"), Actions: []rule.Action{lost}})
	time.Sleep(50 * time.Millisecond)
	await(t, w, "a", work.Ready)
	if err := w.SetLanes(t.Context(), []work.Lane{{Name: "back soon", Concurrency: 1, Target: deliver(func(rule.Action) error { return nil })}}); err != nil {
		t.Fatal(err)
	}
	await(t, w, "a", work.Done)
}

func prunes(t *testing.T, open opener) {
	w := start(t, open, work.Options{}, func(a rule.Action) error {
		if a.ID == "stays" {
			return fails(target.Retry)
		}
		return nil
	})
	const many = 220 // more than two chunks
	var batch work.Batch
	batch.Event = happened("e")
	for i := range many {
		batch.Actions = append(batch.Actions, action(fmt.Sprintf("a%d", i)))
	}
	batch.Actions = append(batch.Actions, action("stays"))
	accept(t, w, batch)
	for i := range many {
		await(t, w, fmt.Sprintf("a%d", i), work.Done)
	}
	await(t, w, "stays", work.Retry)
	if n, err := w.Prune(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("Prune = %d, %v; want nothing old", n, err)
	}
	if n, err := w.Prune(t.Context(), time.Now().Add(time.Hour), time.Now().Add(time.Hour)); n != many || err != nil {
		t.Errorf("Prune = %d, %v; want %d", n, err, many)
	}
	if got := outcomes(t, w, "a1"); len(got) != 0 {
		t.Errorf("attempts of a pruned delivery: %v", got)
	}
	await(t, w, "stays", work.Retry)
}
