package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// exportPage is how many events are listed at a time.
const exportPage = 100

// Export writes the details of the events that a query chooses, one JSON object
// a line, newest first: q.Most of them, or all if that is 0.
func Export(ctx context.Context, j Journal, q Query, w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for left := q.Most; ; {
		page := q
		page.Most = exportPage
		if q.Most > 0 {
			page.Most = min(left, exportPage)
		}
		events, err := j.Events(ctx, page)
		if err != nil {
			return err
		}
		for _, e := range events {
			detail, err := j.Event(ctx, e.ID)
			if err != nil {
				return err
			}
			if err := encoder.Encode(detail); err != nil {
				return fmt.Errorf("export: %w", err)
			}
		}
		left -= len(events)
		if len(events) < page.Most || q.Most > 0 && left == 0 {
			return nil
		}
		q.Before = events[len(events)-1].ID
	}
}
