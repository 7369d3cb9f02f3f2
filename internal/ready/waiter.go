package ready

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/poll"
)

const (
	// between is the pause between good answers that count together, confirm
	// that before a wall is looked at again.
	between = time.Second
	confirm = 2 * time.Second
	// mostPause is the longest pause between tries, mostAsked the longest
	// that an application can ask for.
	mostPause = 10 * time.Second
	mostAsked = time.Minute
	// heartbeat is how often an unchanged wait is told.
	heartbeat = time.Minute
)

// waiter carries one wait from try to try.
type waiter struct {
	check   Check
	client  *http.Client
	headers Headers
	// page and version are what to ask for. They are equal where one answer
	// shows both.
	page, version *url.URL

	start, told time.Time
	pause       time.Duration
	failed      int // tries since the last good one
	good        int // good tries in a row
	last        sight
	seen        timeline
	report      Report
}

func newWaiter(client *http.Client, c Check) (*waiter, error) {
	w := &waiter{check: c, client: client, start: time.Now()}
	w.check.Times = max(c.Times, 1)
	if c.Limit <= 0 {
		w.check.Limit = 30 * time.Second
	}
	if c.URL == nil {
		return nil, errors.New("no URL of the deployment is known: give environment-url")
	}
	var errs [3]error
	w.page, errs[0] = c.Page.on(c.URL)
	w.version = w.page
	if c.Version.At != (Address{}) {
		w.version, errs[1] = c.Version.At.on(c.URL)
	}
	w.check.Version.Want, errs[2] = c.Version.Want.of(c.Ref)
	w.headers, w.report.Withheld = c.allowedHeaders()
	return w, errors.Join(errs[:]...)
}

// try looks once. It reports true when the wait is over.
func (w *waiter) try(ctx context.Context) (bool, error) {
	s, err := w.look(ctx)
	if err != nil && w.report.Tries == 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		w.note(ctx, sight{text: "no answer"})
	}
	if err != nil {
		return false, err // a try that was cut short says nothing
	}
	again := s.kind == walled && w.last.kind == walled && s.wall.name == w.last.wall.name
	w.note(ctx, s)
	switch {
	case again:
		w.report.Ending = w.behind(s)
		return true, nil
	case w.good == w.check.Times:
		w.report.Ready, w.report.Version = true, s.version
		return true, nil
	}
	return false, nil
}

// note counts a sight, tells it, and sets the pause before the next.
func (w *waiter) note(ctx context.Context, s sight) {
	w.last = s
	w.report.Tries++
	fresh := w.seen.add(time.Since(w.start), s.text)
	switch s.kind {
	case up:
		w.good, w.failed, w.pause = w.good+1, 0, between
	case walled:
		w.good, w.pause = 0, confirm
	case down, otherVersion:
		w.pause = max(poll.Exponential(time.Second, mostPause)(w.failed), s.asked)
		w.good, w.failed = 0, w.failed+1
	}
	if w.check.Observe != nil && (fresh || time.Since(w.told) >= heartbeat) {
		w.told = time.Now()
		w.check.Observe(w.progress(ctx))
	}
}

func (w *waiter) progress(ctx context.Context) Progress {
	p := Progress{For: w.want(), Seen: w.last.text, Took: time.Since(w.start)}
	if deadline, ok := ctx.Deadline(); ok {
		p.Left = time.Until(deadline)
	}
	return p
}

// want says what is waited for.
func (w *waiter) want() string {
	if w.check.Version.Want.IsZero() {
		return Shown(w.page)
	}
	return fmt.Sprintf("%s with %s", Shown(w.page), w.check.Version.Want)
}
