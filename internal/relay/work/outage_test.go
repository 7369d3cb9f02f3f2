package work_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// A target is down for an hour of fake time: what waits for it drains
// afterwards, once each, and another target notices nothing.
func TestOutageOfAnHour(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() // outside the bubble, for its clean-up
	synctest.Test(t, func(t *testing.T) {
		const poll = 30 * time.Second
		began := time.Now()
		var (
			mu      sync.Mutex
			written = map[string]int{}
			tried   []time.Duration // the first delivery's attempts
		)
		w := openSQLite(t, dir, work.Options{Poll: poll, Random: func() float64 { return 0.5 }})
		down := deliver(func(a rule.Action) error {
			mu.Lock()
			defer mu.Unlock()
			if a.ID == "a0" {
				tried = append(tried, time.Since(began))
			}
			if time.Since(began) < time.Hour {
				return &target.Error{Verdict: target.Retry, Err: errors.New("refused")}
			}
			written[a.ID]++
			return nil
		})
		up := deliver(func(rule.Action) error { return nil })
		if err := errors.Join(
			w.SetLanes(t.Context(), []work.Lane{{Name: "there", Concurrency: 2, Target: down}, {Name: "other", Concurrency: 2, Target: up}}),
			w.Start(t.Context()),
		); err != nil {
			t.Fatal(err)
		}
		const many = 10
		for i := range many {
			accept(t, w, work.Batch{Event: happened(fmt.Sprintf("e%d", i)), Actions: []rule.Action{action(fmt.Sprintf("a%d", i))}})
		}
		time.Sleep(time.Minute)
		free := action("free")
		free.Target = "other"
		accept(t, w, work.Batch{Event: happened("f"), Actions: []rule.Action{free}})
		time.Sleep(2 * poll)
		if d, err := w.Delivery(t.Context(), "free"); err != nil || d.State != work.Done {
			t.Errorf("the other target's delivery is %s, %v; want it done during the outage", d.State, err)
		}
		time.Sleep(75 * time.Minute)
		if err := w.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		for i := range many {
			if id := fmt.Sprintf("a%d", i); written[id] != 1 {
				t.Errorf("%s was written %d times, want once", id, written[id])
			}
		}
		waits := []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}
		if len(tried) != len(waits)+1 {
			t.Fatalf("attempts at %v, want one more than the waits %v", tried, waits)
		}
		for i, want := range waits {
			if got := tried[i+1] - tried[i]; got < want || got > want+2*poll {
				t.Errorf("wait %d was %v, want %v and at most two looks more", i+1, got, want)
			}
		}
	})
}

// After a crash, who was cut off in the middle of an attempt is found: what can
// be done twice is, what cannot waits for a person.
func TestCrashDuringAnAttempt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stuck := make(chan struct{})
	before := openSQLite(t, dir, work.Options{Grace: time.Millisecond, Limit: time.Hour})
	lanes := []work.Lane{{Name: "there", Concurrency: 2, Target: deliver(func(rule.Action) error { <-stuck; return nil })}}
	if err := errors.Join(before.SetLanes(t.Context(), lanes), before.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	accept(t, before, work.Batch{Event: happened("e"), Actions: []rule.Action{
		action("dispatch"), {ID: "status", Rule: "r", Target: "there", Do: rule.Status},
	}})
	await(t, before, "dispatch", work.Running)
	await(t, before, "status", work.Running)
	crashed := t.TempDir()
	copyFiles(t, dir, crashed) // as a crash would leave them
	close(stuck)
	if err := before.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}

	calls := make(chan string, 2)
	after := openSQLite(t, crashed, work.Options{})
	lanes[0].Target = deliver(func(a rule.Action) error { calls <- a.ID; return nil })
	if err := errors.Join(after.SetLanes(t.Context(), lanes), after.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	await(t, after, "dispatch", work.Unknown)
	await(t, after, "status", work.Done)
	if diff := cmp.Diff([]string{"unknown"}, outcomes(t, after, "dispatch")); diff != "" {
		t.Errorf("attempts of the dispatch (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"retry", "done"}, outcomes(t, after, "status")); diff != "" {
		t.Errorf("attempts of the status (-want +got):\n%s", diff)
	}
	if err := after.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	close(calls)
	for id := range calls {
		if id != "status" {
			t.Errorf("%s was sent again", id)
		}
	}
}

// Of two relays on one Postgres, one delivers.
func TestRelaysShareADatabase(t *testing.T) {
	t.Parallel()
	url := pgtestStart(t)
	var (
		mu    sync.Mutex
		calls = map[string]int{}
	)
	count := deliver(func(a rule.Action) error {
		mu.Lock()
		defer mu.Unlock()
		calls[a.ID]++
		return nil
	})
	var relays []*work.Work
	for range 2 {
		w, err := work.OpenPostgres(t.Context(), url(t), work.Options{})
		if err != nil {
			t.Fatal(err)
		}
		lanes := []work.Lane{{Name: "there", Concurrency: 4, Target: count}}
		if err := errors.Join(w.SetLanes(t.Context(), lanes), w.Start(t.Context())); err != nil {
			t.Fatal(err)
		}
		relays = append(relays, w)
	}
	const many = 50
	for i := range many {
		b := work.Batch{Event: happened(fmt.Sprintf("e%d", i)), Actions: []rule.Action{action(fmt.Sprintf("a%d", i))}}
		accept(t, relays[0], b)
		accept(t, relays[1], b) // a second router that claimed the same event
	}
	for i := range many {
		await(t, relays[i%2], fmt.Sprintf("a%d", i), work.Done)
	}
	for _, w := range relays {
		if err := w.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for id, n := range calls {
		if n != 1 {
			t.Errorf("%s was delivered %d times", id, n)
		}
	}
}
