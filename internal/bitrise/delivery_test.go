package bitrise_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A list that gets older is not read to its end, whatever the order is; what is
// not told is not taken for old.
func TestDeliveriesSince(t *testing.T) {
	t.Parallel()
	const list = "GET /v0.1/apps/app/outgoing-webhooks/w/delivery-items?limit=50"
	for name, tt := range map[string]struct {
		first, second string
		asked         int
		want          []string
	}{
		"newest first": {
			`{"data": [{"slug": "4", "created_at": "2026-03-01T12:04:00Z"}, {"slug": "3", "created_at": "2026-03-01T12:03:00Z"},
				{"slug": "2", "created_at": "2026-03-01T12:02:00Z"}], "paging": {"next": "n"}}`,
			`{"data": [{"slug": "1", "created_at": "2026-03-01T12:01:00Z"}]}`, 1, []string{"4", "3"},
		},
		"oldest first": {
			`{"data": [{"slug": "1", "created_at": "2026-03-01T12:01:00Z"}, {"slug": "2", "created_at": "2026-03-01T12:02:00Z"}], "paging": {"next": "n"}}`,
			`{"data": [{"slug": "3", "created_at": "2026-03-01T12:03:00Z"}, {"slug": "4", "created_at": "2026-03-01T12:04:00Z"}]}`, 2, []string{"3", "4"},
		},
		"one on a page": {
			`{"data": [{"slug": "1", "created_at": "2026-03-01T12:01:00Z"}], "paging": {"next": "n"}}`,
			`{"data": [{"slug": "3", "created_at": "2026-03-01T12:03:00Z"}]}`, 2, []string{"3"},
		},
		"an empty page":  {`{"data": [], "paging": {"next": "n"}}`, `{"data": [{"slug": "3", "created_at": "2026-03-01T12:03:00Z"}]}`, 2, []string{"3"}},
		"without a time": {`{"data": [{"slug": "1"}, {"slug": "2"}], "paging": {"next": "n"}}`, `{"data": []}`, 2, []string{"1", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: map[string]string{list: tt.first, list + "&next=n": tt.second}}
			found, err := a.client(t).Deliveries(t.Context(), "app", "w", time.Date(2026, 3, 1, 12, 3, 0, 0, time.UTC))
			var got []string
			for _, d := range found {
				got = append(got, d.Slug)
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" || len(a.asked) != tt.asked {
				t.Errorf("asked %d times, want %d; %v (-want +got):\n%s", len(a.asked), tt.asked, err, diff)
			}
		})
	}
}
