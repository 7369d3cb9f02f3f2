package event_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

func TestFinal(t *testing.T) {
	t.Parallel()
	final := []event.Status{event.StatusSuccess, event.StatusFailure, event.StatusCancelled, event.StatusTimedOut, event.StatusClosed}
	for _, s := range append(event.Statuses(), "", "something new") {
		if got, want := s.Final(), slices.Contains(final, s); got != want {
			t.Errorf("%q: Final() = %v, want %v", s, got, want)
		}
	}
}

// An event can be kept as JSON and read back.
func TestJSON(t *testing.T) {
	t.Parallel()
	want := event.Event{
		ID: "1", Source: "ci", Received: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Kind: event.KindBuild, Status: event.StatusSuccess,
		Counts: event.Counts{Passed: 3}, People: []event.Person{{Role: "author", Name: "Ada"}}, Links: []event.Link{{Title: "Log", URL: "https://a.example.com"}},
		Tags: []string{"a"}, Fields: map[string]string{"b": "c"}, Raw: json.RawMessage(`{"d":1}`),
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got event.Event
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}
