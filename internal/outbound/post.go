package outbound

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
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
	// Backoff is the wait after the n-th try, counted from 0; Retry-After may
	// lengthen it.
	Backoff func(n int) time.Duration
	// Sleep waits between tries until the context ends.
	Sleep func(context.Context, time.Duration) error
	// Observe, if set, is told of each try as it ends.
	Observe func(Attempt)
}

// ErrTooLong is returned beside the answer that asked for a longer wait than
// the budget holds.
var ErrTooLong = errors.New("asked to wait longer than this run may")

// Post sends the request that build makes, a fresh one for each try. It
// returns the last answer. The error is nil for every whole answer, whatever
// its status; it is a [*Failure] where the last try had none, or where the run
// ended during a wait, and [ErrTooLong] where a retry was allowed but not in
// time.
func (p *Poster) Post(ctx context.Context, build func(context.Context) (*http.Request, error)) (Answer, []Attempt, error) {
	call, cancel := context.WithTimeout(ctx, p.Budget)
	defer cancel()
	left := allowance{tries: p.Tries, ambiguous: p.Ambiguous, unknownHost: 2}
	var attempts []Attempt
	for n := 0; ; n++ {
		req, err := build(call)
		if err != nil {
			return Answer{}, attempts, err
		}
		answer, a, err := p.try(ctx, call, req)
		a.Number = n + 1
		again, wait := left.spend(a), p.wait(n, answer)
		if again && !fits(call, wait) {
			again = false
			if err == nil {
				err = ErrTooLong
			}
		}
		if again {
			a.Wait = wait
		}
		attempts = append(attempts, a)
		if p.Observe != nil {
			p.Observe(a)
		}
		if !again {
			return answer, attempts, err
		}
		if err := p.Sleep(call, wait); err != nil {
			sent := slices.ContainsFunc(attempts, func(a Attempt) bool { return a.Ambiguous })
			return answer, attempts, &Failure{Kind: KindStopped, Sent: sent, Host: req.URL.Host, Err: err}
		}
	}
}

// try makes one call inside the budget, whose context is call, of the run,
// whose context is run.
func (p *Poster) try(run, call context.Context, req *http.Request) (Answer, Attempt, error) {
	a := Attempt{Start: time.Now()}
	answer, err := Fetch(call, p.Client, req, p.Limit, p.Most)
	a.Took, a.Status = time.Since(a.Start), answer.Status
	if errors.As(err, &a.Failure) && a.Failure.Kind == KindStopped && run.Err() == nil {
		// The budget is over, not the run: to the caller that is a try
		// without an answer.
		a.Failure.Kind = KindConnect
		if a.Failure.Sent {
			a.Failure.Kind = KindTimeout
		}
	}
	a.Ambiguous = ambiguous(answer, a.Failure)
	return answer, a, err
}

// wait is the pause after the n-th try.
func (p *Poster) wait(n int, answer Answer) time.Duration {
	asked, _ := RetryAfter(answer.Header, time.Now())
	return max(asked, p.Backoff(n))
}

// fits reports whether a wait ends before its context does.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || wait < time.Until(deadline)
}
