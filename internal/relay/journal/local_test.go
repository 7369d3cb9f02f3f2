package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// open makes the journal of new stores.
func open(t *testing.T) *journal.Local {
	t.Helper()
	dir := t.TempDir()
	box, err := inbox.OpenSQLite(t.Context(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	deliveries, err := work.OpenSQLite(t.Context(), dir, work.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := deliveries.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(deliveries.Stop(context.Background()), box.Close()); err != nil {
			t.Error(err)
		}
	})
	return &journal.Local{Inbox: box, Work: deliveries}
}

// dead keeps an event of a source whose one delivery is dead.
func dead(t *testing.T, l *journal.Local, source, key string) string {
	t.Helper()
	receipt, err := l.Inbox.Put(t.Context(), inbox.Entry{
		Source: source, Service: "gleap", Key: key, Method: "POST", Body: []byte("{}"), Received: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Work.Accept(t.Context(), work.Batch{
		Event:   event.Event{ID: receipt.ID, Service: "gleap", Source: source, Received: time.Now()},
		Actions: []rule.Action{{ID: key, Rule: "r", Target: "t", Do: rule.Dispatch, Problem: "it cannot be done"}},
	}); err != nil {
		t.Fatal(err)
	}
	return receipt.ID
}

// A delivery's state and what an event is are asked for together, however far
// apart the answers are.
func TestEventsByDeliveryAndSource(t *testing.T) {
	t.Parallel()
	l := open(t)
	var want []string
	for i := range 7 {
		want = append([]string{dead(t, l, "wanted", fmt.Sprint("w", i))}, want...)
		for j := range 3 {
			dead(t, l, "other", fmt.Sprint("o", i, j))
		}
	}
	for most, want := range map[int][]string{0: want, 1: want[:1], 2: want[:2], 5: want[:5], 7: want, 9: want} {
		events, err := l.Events(t.Context(), journal.Query{Source: "wanted", State: "dead", Most: most})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range events {
			got = append(got, e.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("at most %d (-want +got):\n%s", most, diff)
		}
	}
	events, err := l.Events(t.Context(), journal.Query{Source: "wanted", State: "dead", Before: want[4], Most: 5})
	if err != nil || len(events) != 2 || events[0].ID != want[5] {
		t.Errorf("before the fifth: %d events, %v; want the last two", len(events), err)
	}
}

// An export does not end before what it is asked for does.
func TestExportIsWhole(t *testing.T) {
	t.Parallel()
	l := open(t)
	first := dead(t, l, "wanted", "first")
	for i := range 120 {
		dead(t, l, "other", fmt.Sprint(i))
	}
	dead(t, l, "wanted", "last")
	for _, tt := range []struct {
		query journal.Query
		want  int
	}{
		{journal.Query{}, 122},
		{journal.Query{Most: 103}, 103},
		{journal.Query{Source: "wanted"}, 2},
		{journal.Query{Source: "wanted", State: "dead"}, 2},
		{journal.Query{State: "done"}, 0},
	} {
		var out bytes.Buffer
		if err := journal.Export(t.Context(), l, tt.query, &out); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), "\n"); got != tt.want {
			t.Errorf("%+v: %d lines, want %d", tt.query, got, tt.want)
		}
		if tt.want > 0 && tt.query.Most == 0 && !strings.Contains(out.String(), first) {
			t.Errorf("%+v: the first event is missing", tt.query)
		}
	}
}
