package inbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
)

func add(t *testing.T, box *inbox.Inbox, e inbox.Entry) inbox.Receipt {
	t.Helper()
	receipt, err := box.Add(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// What is brought in later is known when it comes all the same, and what came
// stays as it is when it is brought in.
func addsWhatIsMissing(t *testing.T, box *inbox.Inbox) {
	came := put(t, box, entry("came"))
	if got := add(t, box, entry("came")); !got.Duplicate {
		t.Errorf("Add() of what came = %+v, want a duplicate", got)
	}
	if s := get(t, box, came.ID); s.Arrivals != 1 || !s.LastArrival.Equal(noon()) {
		t.Errorf("what came has %d arrivals, the last at %v: want it untouched", s.Arrivals, s.LastArrival)
	}
	missed := entry("missed")
	missed.Received = noon().Add(-time.Hour)
	receipt := add(t, box, missed)
	got := get(t, box, receipt.ID)
	if receipt.Duplicate || got.State != inbox.New || !got.Received.Equal(missed.Received) || time.Since(got.LastArrival) > time.Minute {
		t.Errorf("Add() = %+v, kept as %+v", receipt, got)
	}
	if again := put(t, box, missed); !again.Duplicate || again.ID != receipt.ID {
		t.Errorf("Put() of what was brought in = %+v, want %s again", again, receipt.ID)
	}
	for key, want := range map[string]bool{"came": true, "missed": true, "never": false} {
		if got, err := box.Has(t.Context(), "gh", key); err != nil || got != want {
			t.Errorf("Has(%q) = %t, %v; want %t", key, got, err, want)
		}
	}
	if got, err := box.Has(t.Context(), "other", "came"); err != nil || got {
		t.Errorf("Has() of another source = %t, %v", got, err)
	}
}

// A list by identifiers is one by time, whenever something was brought in.
func addsInOrder(t *testing.T, box *inbox.Inbox) {
	var want []string
	for n := range 5 {
		e := entry(string(rune('a' + n)))
		e.Received = noon().Add(-time.Duration(n) * time.Minute)
		want = append(want, add(t, box, e).ID)
	}
	between := noon().Add(-150 * time.Second)
	for name, tt := range map[string]struct {
		filter inbox.Filter
		want   []string
	}{"since": {inbox.Filter{Since: between}, want[:3]}, "until": {inbox.Filter{Until: between}, want[3:]}} {
		list, err := box.List(t.Context(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range list {
			got = append(got, s.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s, the newest first (-want +got):\n%s", name, diff)
		}
	}
	claim, err := box.Claim(t.Context(), time.Now(), time.Minute, 10)
	slices.Reverse(want)
	if diff := cmp.Diff(want, claim.IDs); err != nil || diff != "" {
		t.Errorf("Claim() = %v (-want +got):\n%s", err, diff)
	}
}

func tellsWhatIsAbout(t *testing.T, box *inbox.Inbox) {
	if n, err := box.Unread(t.Context(), "gh"); err != nil || n != 0 {
		t.Errorf("Unread() = %d, %v; want 0", n, err)
	}
	var ids []string
	for _, key := range []string{"1", "2", "3"} {
		ids = append(ids, put(t, box, entry(key)).ID)
	}
	for _, id := range ids[:2] {
		if err := box.Describe(t.Context(), id, "push", "push", "acme/web"); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := box.Unread(t.Context(), "gh"); err != nil || n != 1 {
		t.Errorf("Unread() = %d, %v; want 1", n, err)
	}
	about, err := box.About(t.Context(), "gh", "acme/web")
	if err != nil || len(about) != 2 || string(about[0].Body) != string(entry("").Body) || about[0].Header.Get("X-Github-Event") != "push" {
		t.Errorf("About() = %+v, %v", about, err)
	}
	for _, none := range [][2]string{{"gh", ""}, {"gh", "acme"}, {"other", "acme/web"}} {
		if about, err := box.About(t.Context(), none[0], none[1]); err != nil || len(about) != 0 {
			t.Errorf("About(%q) = %d, %v; want none", none, len(about), err)
		}
	}
}

func marksHowFar(t *testing.T, box *inbox.Inbox) {
	later := noon().Add(time.Minute)
	for _, step := range []struct {
		set  time.Time
		want inbox.Mark
	}{
		{time.Time{}, inbox.Mark{}},
		{noon(), inbox.Mark{Begun: noon(), At: noon()}},
		{later, inbox.Mark{Begun: noon(), At: later}},
		{noon(), inbox.Mark{Begun: noon(), At: later}}, // it never goes back
	} {
		if !step.set.IsZero() {
			if err := box.SetCaughtUp(t.Context(), "gh", step.set); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := box.CaughtUp(t.Context(), "gh"); err != nil || got != step.want {
			t.Errorf("CaughtUp() = %v, %v; want %v", got, err, step.want)
		}
	}
	if got, err := box.CaughtUp(t.Context(), "other"); err != nil || got != (inbox.Mark{}) {
		t.Errorf("CaughtUp() of another source = %v, %v", got, err)
	}
}
