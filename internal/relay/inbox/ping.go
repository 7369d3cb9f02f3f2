package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// usual is the size of a usual webhook, which has to fit for the store to be
// ready.
const usual = 16 << 10

// leftover is the age at which a probe's maker is gone.
const leftover = time.Hour

// Ping proves that the store commits, by keeping as much as a usual event has,
// or as the largest that was refused since: on a nearly full disk a small commit
// proves nothing.
func (b *Inbox) Ping(ctx context.Context) error {
	refused := b.refused.Load()
	if err := b.probe(ctx, max(usual, refused)); err != nil {
		return fmt.Errorf("commit to the inbox: %w", err)
	}
	b.refused.CompareAndSwap(refused, 0)
	return nil
}

// probe keeps so many bytes and drops them again, in two commits: what a
// transaction takes back itself may never need room.
func (b *Inbox) probe(ctx context.Context, size int64) error {
	id, err := newID()
	if err != nil {
		return err
	}
	now := time.Now()
	return errors.Join(
		b.exec(ctx, `INSERT INTO probe (id, at, filler) VALUES ($1, $2, $3)`, id, now.UnixMilli(), make([]byte, size)),
		b.exec(ctx, `DELETE FROM probe WHERE id = $1 OR at < $2`, id, now.Add(-leftover).UnixMilli()),
	)
}

// remember notes that an event of a size was not kept, unless that says nothing
// about the store.
func (b *Inbox) remember(err error, size int) {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrFull) {
		return
	}
	for {
		old := b.refused.Load()
		if int64(size) <= old || b.refused.CompareAndSwap(old, int64(size)) {
			return
		}
	}
}
