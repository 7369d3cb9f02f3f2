package journal

import (
	"context"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Health is how the relay is, at a glance.
type Health struct {
	// Commits reports that an event could be kept now, Problem says why not.
	Commits bool   `json:"commits"`
	Problem string `json:"problem"`
	// Unrouted counts events that no rule has seen yet.
	Unrouted int64 `json:"unrouted"`
	// OldestUnrouted and OldestReady are since when the first of them waits,
	// and the first delivery that could be attempted.
	OldestUnrouted time.Time          `json:"oldest_unrouted,omitzero"`
	OldestReady    time.Time          `json:"oldest_ready,omitzero"`
	Deliveries     map[work.State]int `json:"deliveries"`
	Paused         []string           `json:"paused"`
	// InboxBytes is the size of the inbox, FreeBytes the room on its disk, -1
	// where that is not known.
	InboxBytes int64 `json:"inbox_bytes"`
	FreeBytes  int64 `json:"free_bytes"`
}

// commitTime is how long a commit may take before the store is taken for one
// that does not.
const commitTime = 3 * time.Second

func (l *Local) commits(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	return l.Inbox.Ping(ctx)
}

// Health implements [Journal].
func (l *Local) Health(ctx context.Context) (Health, error) {
	h := Health{Commits: true, Paused: []string{}, FreeBytes: free(l.Dir)}
	if err := l.commits(ctx); err != nil {
		h.Commits, h.Problem = false, err.Error()
	}
	var err error
	if h.Unrouted, h.OldestUnrouted, err = l.Inbox.Waiting(ctx); err != nil {
		return h, err
	}
	if h.OldestReady, err = l.Work.OldestReady(ctx, time.Now()); err != nil {
		return h, err
	}
	if h.Deliveries, err = l.Work.Counts(ctx); err != nil {
		return h, err
	}
	pauses, err := l.Work.Pauses(ctx)
	if err != nil {
		return h, err
	}
	for _, p := range pauses {
		h.Paused = append(h.Paused, p.Target)
	}
	h.InboxBytes, err = l.Inbox.Size(ctx)
	return h, err
}
