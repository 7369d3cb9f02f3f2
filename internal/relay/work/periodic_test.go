package work_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

func nothing(rule.Action) error { return nil }

// catchUps counts how often it was called, and how often while it was called.
type catchUps struct{ begun, now, together atomic.Int32 }

func (c *catchUps) do(ctx context.Context, takes time.Duration) {
	c.begun.Add(1)
	if c.now.Add(1) > 1 {
		c.together.Add(1)
	}
	defer c.now.Add(-1)
	select {
	case <-ctx.Done():
	case <-time.After(takes):
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for 30 s: %s", what)
		}
	}
}

// It begins at once, goes on, is never done twice at a time, and ends.
func catchesUpOnSchedule(t *testing.T, open opener) {
	var calls catchUps
	w := start(t, open, work.Options{CatchUp: func(ctx context.Context) { calls.do(ctx, 300*time.Millisecond) }}, nothing)
	if err := w.SetCatchUp(200 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	eventually(t, "three catch-ups", func() bool { return calls.begun.Load() >= 3 })
	if n := calls.together.Load(); n > 0 {
		t.Errorf("%d began while another was under way", n)
	}
	if err := w.SetCatchUp(0); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of those under way", func() bool { return calls.now.Load() == 0 })
	time.Sleep(time.Second) // for one that was due already
	before := calls.begun.Load()
	time.Sleep(time.Second)
	if after := calls.begun.Load(); after != before {
		t.Errorf("%d more began after the end", after-before)
	}
}

// Whoever stops does not wait for it.
func catchUpEndsWithWork(t *testing.T, open opener) {
	var calls catchUps
	w := open(t, work.Options{CatchUp: func(ctx context.Context) { calls.do(ctx, time.Hour) }})
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.SetCatchUp(time.Hour); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a catch-up", func() bool { return calls.now.Load() == 1 })
	began := time.Now()
	if err := w.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 10*time.Second || calls.now.Load() != 0 {
		t.Errorf("the stop took %v", took)
	}
}

// Of two relays on one database, one does it.
func TestOneOfTwoRelaysCatchesUp(t *testing.T) {
	t.Parallel()
	connect := pgtestStart(t)
	var calls catchUps
	open := func(t *testing.T, o work.Options) *work.Work {
		w, err := work.OpenPostgres(t.Context(), connect(t), o)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	const every = time.Second
	o := work.Options{CatchUp: func(ctx context.Context) { calls.do(ctx, 0) }}
	for range 2 {
		if err := start(t, open, o, nothing).SetCatchUp(every); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "a catch-up", func() bool { return calls.begun.Load() > 0 })
	before, began := calls.begun.Load(), time.Now()
	time.Sleep(4 * every)
	got, most := calls.begun.Load()-before, int32(time.Since(began)/every)+1
	if got < 2 || got > most {
		t.Errorf("%d catch-ups in %v, want 2 to %d", got, time.Since(began), most)
	}
}
