package trigger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/hub"
	"github.com/afterdeploy/afterdeploy/internal/poll"
	"github.com/afterdeploy/afterdeploy/internal/report"
)

// watch waits for something that GitHub tells. It asks often while asking is
// free or something happens, and seldom otherwise: a workflow's token has 1000
// requests an hour for the whole repository.
type watch struct {
	// For is what is waited for.
	For string
	// Tell takes a line whenever something changes, and every minute.
	Tell func(line string)
	// Counted is how many requests counted against the rate limit so far.
	Counted func() int

	start, told time.Time
	base        int // counted before the start
	quiet       int // looks since the last change
	seen        string
	pause       time.Duration
}

// sight is what one look saw.
type sight struct {
	text string
	done bool
	// trouble is no news: each may read differently.
	trouble bool
	// next, if not 0, is when to look again at the latest.
	next time.Duration
}

const (
	// heartbeat is how often an unchanged wait is told.
	heartbeat = time.Minute
	// burst is how many counted requests are free of pacing; each further one
	// has to be earned by waiting.
	burst  = 10
	earned = 90 * time.Second
)

// until looks until it is done. A rate limit, a failure of GitHub's or a lost
// answer is waited out. The error is a [*hub.Error] that no wait mends,
// [context.DeadlineExceeded], or the context's cause.
func (w *watch) until(ctx context.Context, look func(context.Context) (sight, error)) error {
	w.start, w.base = time.Now(), w.Counted()
	pause := func(int) time.Duration { return w.pause }
	return poll.Until(ctx, pause, func(ctx context.Context) (bool, error) {
		before := w.Counted()
		s, err := look(ctx)
		var asked time.Duration
		if err != nil {
			var passes bool
			if asked, passes = passing(err); !passes {
				return false, err
			}
			s = sight{text: err.Error(), trouble: true}
		}
		w.note(ctx, s)
		w.pause = max(w.pace(w.Counted()-before), asked)
		if s.next > 0 {
			w.pause = min(w.pause, s.next)
		}
		return s.done, nil
	})
}

// pace is the pause after a look that cost so many counted requests.
func (w *watch) pace(cost int) time.Duration {
	due := time.Duration(w.Counted()-w.base+cost-burst) * earned
	return max(poll.Exponential(2*time.Second, 20*time.Second)(w.quiet), due-time.Since(w.start))
}

// passing reports whether an error can be waited out, and how long GitHub wants
// to be left alone.
func passing(err error) (time.Duration, bool) {
	var e *hub.Error
	if !errors.As(err, &e) {
		return 0, false
	}
	switch e.Kind {
	case hub.KindNetwork, hub.KindServer, hub.KindRateLimited:
		return max(0, time.Until(e.Until)), true
	}
	return 0, false
}

// note tells what was seen if that is new, or if nothing was told for long.
func (w *watch) note(ctx context.Context, s sight) {
	w.quiet++
	fresh := s.text != w.seen
	w.seen = s.text
	if fresh && !s.trouble {
		w.quiet = 0
	}
	if !fresh && time.Since(w.told) < heartbeat {
		return
	}
	w.told = time.Now()
	line := fmt.Sprintf("  %s: %s", report.Duration(time.Since(w.start)), s.text)
	if !s.done {
		line += "; waiting for " + w.For
	}
	if deadline, ok := ctx.Deadline(); ok && !s.done {
		line += ", " + report.Duration(max(0, time.Until(deadline))) + " left"
	}
	w.Tell(line)
}
