package inbox

import (
	"context"
	"fmt"
	"time"
)

// Relieve makes room in a file that may not grow: when it is nine tenths full,
// what was routed longest ago goes before its time, bodies first, until it is
// eight tenths full. Mere history closes no door. It returns how many entries
// it touched.
func (b *Inbox) Relieve(ctx context.Context) (int64, error) {
	used, most, err := b.usage(ctx)
	if err != nil {
		return 0, fmt.Errorf("relieve inbox: %w", err)
	}
	if used <= most/10*9 {
		return 0, nil
	}
	var total int64
	drop := []func() (int64, error){
		func() (int64, error) { return b.dropBodies(ctx, time.Now(), pruneChunk) },
		func() (int64, error) { return b.dropEntries(ctx, time.Now()) },
	}
	for len(drop) > 0 && used > most/10*8 {
		n, err := drop[0]()
		if err == nil {
			used, _, err = b.usage(ctx)
		}
		if total += n; err != nil {
			return total, fmt.Errorf("relieve inbox: %w", err)
		}
		if n == 0 {
			drop = drop[1:]
		}
	}
	return total, nil
}
