package catchup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/inbox"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// ErrUnknownSource is the answer about a source that is not in the rules file.
var ErrUnknownSource = errors.New("there is no source")

// errNotThere is what is said of an event whose content nobody has any more.
var errNotThere = errors.New("the service has its payload no more")

// missed is an event that a service sent in vain, as far as it knows.
type missed struct {
	what string
	at   time.Time
	// known reports whether it is here all the same.
	known func(context.Context) (bool, error)
	// read returns the request that would have come.
	read func(context.Context) (source.Request, error)
}

// span is the time that is looked at.
type span struct {
	// since is where it begins.
	since time.Time
	// first is before everything that can be missing, for what does not tell
	// its time exactly.
	first time.Time
	// all looks also for what was taken.
	all bool
}

// asker finds what a service sent in vain in a span of time. It returns what it
// found beside an error, too.
type asker func(ctx context.Context, src *source.Source, s span) ([]missed, error)

// asker returns how a source's service is asked, or why it is not.
func (c *Catcher) asker(src *source.Source) (ask asker, why string) {
	config := src.Config()
	switch src.Service() {
	case source.GitHub:
		if len(config.HooksOf) == 0 && config.AppID == 0 {
			return nil, "give it hooks-of and api-token, or app"
		}
		return c.github, ""
	case source.Bitrise:
		if config.AppSlug == "" {
			return nil, "give it app-slug and api-token"
		}
		return c.bitrise, ""
	case source.Currents:
		if config.ProjectID == "" {
			return nil, "give it project-id and api-token"
		}
		return c.currents, ""
	}
	return nil, "its service does not tell what it sent"
}

// source catches one source up.
func (c *Catcher) source(ctx context.Context, src *source.Source, q Query) Result {
	r := Result{Source: src.Name(), Service: src.Service(), Items: []Item{}}
	ask, why := c.asker(src)
	if ask == nil {
		r.Note = why
		return r
	}
	if err := c.look(ctx, src, ask, q, &r); err != nil {
		r.Error = err.Error()
	}
	r.Found = r.Known + len(r.Items)
	c.tell(ctx, r)
	return r
}

// look asks, keeps what is missing, and moves the mark.
func (c *Catcher) look(ctx context.Context, src *source.Source, ask asker, q Query, r *Result) error {
	began := time.Now().UTC()
	mark, err := c.Inbox.CaughtUp(ctx, src.Name())
	if err == nil && mark.At.IsZero() && !q.DryRun {
		// Also if the service refuses: from now on nothing may be missed.
		err = c.Inbox.SetCaughtUp(ctx, src.Name(), began)
	}
	if err != nil {
		return err
	}
	s := c.span(mark, q, began)
	r.Since = s.since
	if err := c.bring(ctx, src, ask, s, q.DryRun, r); err != nil || q.DryRun {
		return err
	}
	if q.Since.After(mark.At) {
		return nil // there is a gap between the mark and what was looked at
	}
	return c.Inbox.SetCaughtUp(ctx, src.Name(), began)
}

// span is what to look at: since somebody says, or since some time before the
// mark. Without a mark it begins now: what happened before there was a relay is
// not missing.
func (c *Catcher) span(mark inbox.Mark, q Query, now time.Time) span {
	since, first := now, now
	switch {
	case !q.Since.IsZero():
		since, first = q.Since.UTC(), q.Since.UTC()
	case !mark.At.IsZero():
		since, first = later(mark.At.Add(-overlap), mark.Begun), mark.Begun
	}
	oldest := now.Add(-c.Most)
	// GitHub tells whole seconds.
	return span{later(since, oldest).Truncate(time.Second), later(first, oldest).Truncate(time.Second), q.All}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// bring asks, and keeps what is missing.
func (c *Catcher) bring(ctx context.Context, src *source.Source, ask asker, s span, dryRun bool, r *Result) error {
	found, asked := ask(ctx, src, s)
	for _, m := range found {
		known, err := m.known(ctx)
		if err != nil {
			return errors.Join(asked, err)
		}
		if known {
			r.Known++
			continue
		}
		item := Item{What: m.what, At: m.at.UTC()}
		if !dryRun {
			item.ID, err = c.keep(ctx, src, m)
		}
		switch {
		case lasting(err):
			item.Error = err.Error()
			r.Failed++
		case err != nil:
			return errors.Join(asked, fmt.Errorf("%s: %w", m.what, err))
		case item.ID == "" && !dryRun: // it came a moment ago
			r.Known++
			continue
		case !dryRun:
			r.Brought++
		}
		r.Items = append(r.Items, item)
	}
	return asked
}

// refused is an event that cannot be brought in, today or tomorrow.
type refused struct{ error }

// lasting reports whether asking again would not help.
func lasting(err error) bool { return errors.As(err, new(refused)) }

// keep keeps an event as if it had come, and returns its identifier, or "" if it
// is here.
func (c *Catcher) keep(ctx context.Context, src *source.Source, m missed) (string, error) {
	request, err := m.read(ctx)
	switch {
	case err != nil:
		return "", err
	case len(request.Body) == 0:
		return "", refused{errNotThere}
	case int64(len(request.Body)) > src.Limit():
		return "", refused{fmt.Errorf("it has %d bytes: want at most %d, see max-body", len(request.Body), src.Limit())}
	}
	receipt, err := c.Inbox.Add(ctx, inbox.Entry{
		Source: src.Name(), Service: src.Service(), Key: src.Key(request), Method: request.Method,
		Remote: "catch-up", Header: src.Redact(request.Header), Body: request.Body, Received: received(m.at),
	})
	if err != nil || receipt.Duplicate {
		return "", err
	}
	c.Kept()
	return receipt.ID, nil
}

// received is when an event would have come: an older build stays the older one,
// however late it is told of.
func received(at time.Time) time.Time {
	if now := time.Now().UTC(); at.IsZero() || at.After(now) {
		return now
	}
	return at
}

// tell logs what is worth a line. That somebody gave up is not.
func (c *Catcher) tell(ctx context.Context, r Result) {
	switch {
	case r.Error != "" && !errors.Is(ctx.Err(), context.Canceled):
		c.Log.Error("catch up", "source", r.Source, "brought", r.Brought, "error", r.Error)
	case r.Failed > 0:
		c.Log.Warn("caught up, but not with all", "source", r.Source, "brought", r.Brought, "failed", r.Failed)
	case r.Brought > 0:
		c.Log.Info("caught up", "source", r.Source, "brought", r.Brought)
	}
}
