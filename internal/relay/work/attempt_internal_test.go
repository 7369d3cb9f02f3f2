package work

import (
	"errors"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/relay/target"
)

// An attempt that was taken for gone, and ends all the same, does not say how the
// one stands that was made in its place.
func TestLateEndOfAnAttempt(t *testing.T) {
	t.Parallel()
	w, err := OpenSQLite(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.close() })
	now := time.Now()
	args, err := row(Batch{Event: event.Event{ID: "e", Received: now}}, rule.Action{ID: "a", Rule: "r", Target: "t", Do: rule.Status}, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.db.ExecContext(t.Context(), insert+"NOTHING", args...); err != nil {
		t.Fatal(err)
	}
	first, err := w.begin(t.Context(), "a", now)
	if err != nil || first.number != 1 {
		t.Fatalf("begin = %+v, %v; want attempt 1", first, err)
	}
	second, err := w.begin(t.Context(), "a", now.Add(w.abandoned()+time.Minute))
	if err != nil || second.number != 2 {
		t.Fatalf("begin after the first was abandoned = %+v, %v; want attempt 2", second, err)
	}
	ends := func(b begun, failed error, want State) {
		t.Helper()
		if _, err := w.finish(t.Context(), "a", b, target.Result{}, failed); err != nil {
			t.Fatal(err)
		}
		if d, err := w.Delivery(t.Context(), "a"); err != nil || d.State != want {
			t.Errorf("after the end of attempt %d the delivery is %s (%s), %v; want %s", b.number, d.State, d.Note, err, want)
		}
	}
	ends(first, &target.Error{Verdict: target.Dead, Err: errors.New("too late")}, Running)
	ends(second, nil, Done)
}
