package journal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/journal"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// A plan is what its query chooses, and says what would be done where.
func TestPlan(t *testing.T) {
	t.Parallel()
	l := open(t)
	first := dead(t, l, "wanted", "a")
	second := dead(t, l, "wanted", "b")
	dead(t, l, "other", "c")
	for name, tt := range map[string]struct {
		query journal.Query
		want  []string
	}{
		"all that failed":     {journal.Query{Source: "wanted"}, []string{second, first}},
		"the same by state":   {journal.Query{Source: "wanted", State: "dead"}, []string{second, first}},
		"none in this state":  {journal.Query{Source: "wanted", State: "unknown"}, nil},
		"by an event's state": {journal.Query{State: "routed"}, nil},
		"before they came":    {journal.Query{Source: "wanted", Until: time.Now().Add(-time.Hour)}, nil},
		"by text":             {journal.Query{Text: "no such"}, nil},
	} {
		plan, err := l.Plan(t.Context(), tt.query)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, d := range plan.Deliveries {
			got = append(got, d.EventID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || plan.Events != len(tt.want) || plan.More {
			t.Errorf("%s: %d events, more %v (-want +got):\n%s", name, plan.Events, plan.More, diff)
		}
	}
	plan, err := l.Plan(t.Context(), journal.Query{})
	want := []journal.PlanTarget{{Target: "t", Do: rule.Dispatch, Deliveries: 3}}
	if diff := cmp.Diff(want, plan.Targets); err != nil || diff != "" {
		t.Errorf("targets: %v (-want +got):\n%s", err, diff)
	}
	for _, state := range []work.State{work.Ready, work.Running, work.Retry} {
		if _, err := l.Plan(t.Context(), journal.Query{State: string(state)}); !errors.As(err, new(*journal.ParameterError)) {
			t.Errorf("a plan of what is %s: %v, want a parameter's error", state, err)
		}
	}
}

// Nothing is done that was not looked at.
func TestRedeliverAllDoesWhatWasPlanned(t *testing.T) {
	t.Parallel()
	l := open(t)
	dead(t, l, "wanted", "a")
	dead(t, l, "wanted", "b")
	q := journal.Query{Source: "wanted", State: "dead"}
	plan, err := l.Plan(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Millisecond)
	dead(t, l, "wanted", "late")
	if _, err := l.RedeliverAll(t.Context(), q, len(plan.Deliveries)); !errors.Is(err, journal.ErrChanged) {
		t.Errorf("with one more than planned: %v, want ErrChanged", err)
	}
	q.Until = plan.Until
	if n, err := l.RedeliverAll(t.Context(), q, len(plan.Deliveries)); n != 2 || err != nil {
		t.Errorf("RedeliverAll = %d, %v; want 2", n, err)
	}
	for id, want := range map[string]bool{"a": true, "b": true, "late": false} {
		d, err := l.Delivery(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if again := d.Note != "it cannot be done"; again != want {
			t.Errorf("delivery %s is %s (%s); redelivered: %v, want %v", id, d.State, d.Note, again, want)
		}
	}
}

// However many there are, one redelivery takes no more than it can.
func TestPlanIsBounded(t *testing.T) {
	t.Parallel()
	l := open(t)
	for i := range 1010 {
		dead(t, l, "many", fmt.Sprint(i))
	}
	plan, err := l.Plan(t.Context(), journal.Query{State: "dead"})
	if err != nil || len(plan.Deliveries) != 1000 || !plan.More {
		t.Errorf("a plan of %d, more %v, %v; want 1000 and more", len(plan.Deliveries), plan.More, err)
	}
}

// The pages of a list are the list, whichever way one turns them.
func TestPagesBothWays(t *testing.T) {
	t.Parallel()
	l := open(t)
	var all []string // newest first
	for i := range 9 {
		all = append([]string{dead(t, l, "s", fmt.Sprint(i))}, all...)
	}
	for _, state := range []string{"", "dead"} {
		var down, up []string
		for before := ""; ; {
			page := ids(t, l, journal.Query{State: state, Before: before, Most: 4})
			if len(page) == 0 {
				break
			}
			down, before = append(down, page...), page[len(page)-1]
		}
		for after := all[8]; ; {
			page := ids(t, l, journal.Query{State: state, After: after, Most: 4})
			if len(page) == 0 {
				break
			}
			up, after = append(page, up...), page[0]
		}
		if diff := cmp.Diff(all, down); diff != "" {
			t.Errorf("state %q, downwards (-want +got):\n%s", state, diff)
		}
		if diff := cmp.Diff(all[:8], up); diff != "" {
			t.Errorf("state %q, upwards (-want +got):\n%s", state, diff)
		}
	}
}

func ids(t *testing.T, l *journal.Local, q journal.Query) []string {
	t.Helper()
	events, err := l.Events(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = e.ID
	}
	return list
}

func TestParseQuery(t *testing.T) {
	t.Parallel()
	want := journal.Query{
		Source: "s", Service: "gleap", State: "dead", Text: "a&b", Since: time.Unix(1e9, 5).UTC(), Until: time.Unix(2e9, 0).UTC(), Before: "e9", Most: 7,
	}
	got, err := journal.ParseQuery(want.Values())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("there and back: %v (-want +got):\n%s", err, diff)
	}
	bad := map[string][]string{"most": {"x"}, "since": {"yesterday"}, "until": {"1"}, "before": {"a"}, "after": {"b"}}
	if _, err := journal.ParseQuery(bad); err == nil {
		t.Error("bad parameters are no error")
	} else {
		for _, name := range []string{"most", "since", "until", "after"} {
			if !strings.Contains(err.Error(), "parameter "+name) {
				t.Errorf("%v does not name %s", err, name)
			}
		}
	}
	for text, want := range map[string]time.Time{
		"2026-01-31T15:04": time.Date(2026, 1, 31, 15, 4, 0, 0, time.UTC), "2026-01-31": time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC),
	} {
		if q, err := journal.ParseQuery(map[string][]string{"since": {text}}); err != nil || !q.Since.Equal(want) {
			t.Errorf("since %q is %v, %v; want %v", text, q.Since, err, want)
		}
	}
}
