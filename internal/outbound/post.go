package outbound

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/poll"
)

// Attempt is one try of a call, for the log and the summary.
type Attempt struct {
	// Number counts from 1.
	Number int
	// Start is when it began, Took how long it lasted.
	Start time.Time
	Took  time.Duration
	// Status is the HTTP status, or 0 where no answer came.
	Status int
	// Failure is set where no usable answer came.
	Failure *Failure
	// Ambiguous reports that the request may have been carried out, though
	// no answer says so.
	Ambiguous bool
	// Wait is the pause before the next try, or 0 for the last.
	Wait time.Duration
}

// Poster sends requests that are not idempotent: one that may have arrived is
// sent again only as far as Ambiguous allows.
type Poster struct {
	Client *http.Client
	// Tries is the most tries of one call.
	Tries int
	// Ambiguous is how many of the retries may follow a try that may have
	// been carried out: a timeout or a lost connection after sending, and
	// the answers 500, 502, 503 without Retry-After, and 504.
	Ambiguous int
	// Budget is the time for all tries, Limit that for one.
	Budget, Limit time.Duration
	// Most is the largest answer read, in bytes.
	Most int64
	// Backoff is the wait between tries; Retry-After may lengthen it.
	Backoff poll.Backoff
	// Observe, if set, is told of each try as it ends.
	Observe func(Attempt)
}

// ErrTooLong is returned beside the answer that asked for a longer wait than
// the budget holds.
var ErrTooLong = errors.New("asked to wait longer than this run may")

// Post sends the request that make builds, a fresh one for each try. It
// returns the last answer. The error is nil for every whole answer, whatever
// its status; it is a [*Failure] where the last try had none, and
// [ErrTooLong] where a retry was allowed but not in time.
func (p *Poster) Post(ctx context.Context, build func(context.Context) (*http.Request, error)) (Answer, []Attempt, error) {
	call, cancel := context.WithTimeout(ctx, p.Budget)
	defer cancel()
	var attempts []Attempt
	left := budget{tries: p.Tries, ambiguous: p.Ambiguous, unknownHost: 2}
	for n := 0; ; n++ {
		req, err := build(call)
		if err != nil {
			return Answer{}, attempts, err
		}
		a := Attempt{Number: n + 1, Start: time.Now()}
		answer, err := Fetch(call, p.Client, req, p.Limit, p.Most)
		a.Took, a.Status = time.Since(a.Start), answer.Status
		errors.As(err, &a.Failure)
		if a.Failure != nil && a.Failure.Kind == KindStopped && ctx.Err() == nil {
			// The budget is over, not the run: for the caller that is a
			// try without an answer.
			a.Failure.Kind = KindTimeout
			if !a.Failure.Sent {
				a.Failure.Kind = KindConnect
			}
		}

		a.Ambiguous = ambiguous(answer, a.Failure)
		wait, again := left.next(answer, a.Failure, a.Start.Add(a.Took))
		tooLong := false
		if again {
			wait = max(wait, p.Backoff(n))
			deadline, _ := call.Deadline()
			tooLong = time.Until(deadline) <= wait
		}
		if again && !tooLong {
			a.Wait = wait
		}
		attempts = append(attempts, a)
		if p.Observe != nil {
			p.Observe(a)
		}
		switch {
		case tooLong && a.Failure == nil:
			return answer, attempts, ErrTooLong
		case !again || tooLong:
			return answer, attempts, err
		}
		if err := poll.Sleep(call, wait); err != nil {
			return answer, attempts, &Failure{Kind: KindStopped, Sent: left.ambiguous < p.Ambiguous, Host: req.URL.Host, Err: err}
		}
	}
}

// budget counts what may still be tried.
type budget struct{ tries, ambiguous, unknownHost int }

// next decides by the table in docs/design.md whether a try may be followed by
// another, and how long the other side asked to wait.
func (b *budget) next(answer Answer, f *Failure, now time.Time) (wait time.Duration, again bool) {
	b.tries--
	if b.tries <= 0 {
		return 0, false
	}
	if ambiguous(answer, f) {
		b.ambiguous--
		wait, _ = RetryAfter(answer.Header, now)
		again = f != nil && f.Kind != KindStopped || f == nil && retryable(answer.Status)
		return wait, again && b.ambiguous >= 0
	}
	if f == nil {
		wait, _ = RetryAfter(answer.Header, now)
		return wait, retryable(answer.Status)
	}
	switch f.Kind {
	case KindDNS:
		if f.NoSuchHost {
			b.unknownHost--
		}
		return 0, b.unknownHost > 0
	case KindConnect, KindTLS:
		return 0, true
	}
	return 0, false
}

// retryable reports whether a status asks for another try.
func retryable(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// ambiguous reports whether a request may have been carried out, though no
// answer says so. A 503 with Retry-After is a server's word that it was not.
func ambiguous(answer Answer, f *Failure) bool {
	if f != nil {
		return f.Sent && (f.Kind == KindLost || f.Kind == KindTimeout || f.Kind == KindStopped)
	}
	return answer.Status >= 500 &&
		!(answer.Status == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "")
}
