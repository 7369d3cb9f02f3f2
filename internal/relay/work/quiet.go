package work

import (
	"context"
	"log/slog"
	"strings"
)

// quieter lets through what River warns of, but not that it was interrupted:
// it reports its own stop as an error.
type quieter struct{ slog.Handler }

// Enabled implements [slog.Handler].
func (q quieter) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (q quieter) Handle(ctx context.Context, r slog.Record) error {
	interrupted := false
	r.Attrs(func(a slog.Attr) bool {
		interrupted = strings.Contains(a.Value.String(), context.Canceled.Error())
		return !interrupted
	})
	if interrupted {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}
