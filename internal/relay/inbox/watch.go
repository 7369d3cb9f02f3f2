package inbox

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"
)

// Observe has fn told of each commit: how long it took, and how many writes
// failed with it.
func (b *Inbox) Observe(fn func(took time.Duration, failed int)) { b.observe(fn) }

// Writing is how many writes wait for their commit.
func (b *Inbox) Writing() int64 { return b.writing.Load() }

// write is the engine's, counted.
func (b *Inbox) write(ctx context.Context, fn func(context.Context, querier) error) error {
	b.writing.Add(1)
	defer b.writing.Add(-1)
	return b.engine.write(ctx, fn)
}

// exec writes one statement of which only the success matters.
func (b *Inbox) exec(ctx context.Context, statement string, args ...any) error {
	_, err := b.affect(ctx, statement, args...)
	return err
}

// affect writes one statement and returns how many rows it touched.
func (b *Inbox) affect(ctx context.Context, statement string, args ...any) (int64, error) {
	var n int64
	err := b.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return 0, err // and n may be written yet
	}
	return n, nil
}

// watch passes on how commits went.
type watch struct {
	fn atomic.Pointer[func(time.Duration, int)]
}

func (w *watch) observe(fn func(time.Duration, int)) { w.fn.Store(&fn) }

// tell reports a commit and how each of its writes went.
func (w *watch) tell(took time.Duration, errs ...error) {
	fn := w.fn.Load()
	if fn == nil {
		return
	}
	failed := 0
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, sql.ErrNoRows) {
			failed++
		}
	}
	(*fn)(took, failed)
}
