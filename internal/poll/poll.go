// Package poll waits, and does nothing else. All waiting of a run goes through
// it, so that nothing sleeps past the run's one deadline.
package poll

import (
	"context"
	"time"
)

// Backoff gives the wait after the n-th try, counted from 0.
type Backoff func(n int) time.Duration

// Constant waits the same time after each try.
func Constant(d time.Duration) Backoff { return func(int) time.Duration { return d } }

// Exponential doubles the wait from base up to most.
func Exponential(base, most time.Duration) Backoff {
	return func(n int) time.Duration {
		d := base
		for range n {
			if d >= most/2 {
				return most
			}
			d *= 2
		}
		return min(d, most)
	}
}

// Jitter spreads b evenly over (0, b], so that many runs that failed together
// do not come back together. Random returns values in [0, 1), as
// [math/rand/v2.Float64] does.
func Jitter(b Backoff, random func() float64) Backoff {
	return func(n int) time.Duration {
		d := b(n)
		return d - time.Duration(random()*float64(d))
	}
}

// Sleep waits for d. It returns the context's cause as soon as the context
// ends, and at once when the context would end before d is over.
func Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// lastTry is what the last wait leaves before the deadline.
const lastTry = time.Second

// Until calls try until it reports true or an error. The waits between come
// from b; the last is shortened so that one more try fits before the deadline.
// When time is up, or the context ends, Until returns [context.DeadlineExceeded]
// or the context's cause.
func Until(ctx context.Context, b Backoff, try func(context.Context) (bool, error)) error {
	for n := 0; ; n++ {
		if done, err := try(ctx); done || err != nil {
			return err
		}
		wait := b(n)
		if deadline, ok := ctx.Deadline(); ok {
			left := time.Until(deadline)
			if left > lastTry {
				wait = min(wait, left-lastTry)
			}
		}
		if err := Sleep(ctx, wait); err != nil {
			return err
		}
	}
}
