package poll_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/poll"
)

var errStopped = errors.New("stopped by a person")

// until calls Until with a try that is never done, and returns when each try
// began and when Until came back.
func until(ctx context.Context, b poll.Backoff, took time.Duration) (tries []time.Duration, end time.Duration, err error) {
	start := time.Now()
	err = poll.Until(ctx, b, func(ctx context.Context) (bool, error) {
		tries = append(tries, time.Since(start))
		return false, wait(ctx, took)
	})
	return tries, time.Since(start), err
}

// wait is a try's own work, which the deadline cuts short without an error.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	return nil
}

func seconds(s ...float64) []time.Duration {
	var all []time.Duration
	for _, s := range s {
		all = append(all, time.Duration(s*float64(time.Second)))
	}
	return all
}

func TestUntilWaitsBetweenTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, calls := time.Now(), 0
		err := poll.Until(t.Context(), poll.Exponential(time.Second, 4*time.Second), func(context.Context) (bool, error) {
			calls++
			return calls == 5, nil
		})
		if got, want := time.Since(start), (1+2+4+4)*time.Second; err != nil || got != want {
			t.Errorf("Until waited %v and returned %v, want %v and nil", got, err, want)
		}
	})
}

func TestUntilTriesAtOnceAndStopsAtAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, calls := time.Now(), 0
		err := poll.Until(t.Context(), poll.Constant(time.Hour), func(context.Context) (bool, error) {
			calls++
			return false, errStopped
		})
		if !errors.Is(err, errStopped) || calls != 1 || time.Since(start) != 0 {
			t.Errorf("Until = %v after %d tries and %v, want the try's error after 1 and 0s", err, calls, time.Since(start))
		}
	})
}

func TestUntilMakesALastTryBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		limit, wait, took time.Duration
		tries             []time.Duration
		end               time.Duration
	}{
		"the last wait is shortened": {
			10 * time.Second, 4 * time.Second, 0, seconds(0, 4, 8, 9), 9 * time.Second,
		},
		"a wait longer than all time": {
			10 * time.Second, time.Hour, 0, seconds(0, 9), 9 * time.Second,
		},
		"short waits go on to the end": {
			3 * time.Second, 400 * time.Millisecond, 0, seconds(0, .4, .8, 1.2, 1.6, 2, 2.4, 2.8), 2800 * time.Millisecond,
		},
		"no time for a second try": {
			time.Second, 4 * time.Second, 0, seconds(0), 0,
		},
		"a try that takes all time": {
			5 * time.Second, time.Second, time.Hour, seconds(0), 5 * time.Second,
		},
		"slow tries": {
			10 * time.Second, time.Second, 3 * time.Second, seconds(0, 4, 8), 10 * time.Second,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
				defer cancel()
				tries, end, err := until(ctx, poll.Constant(tt.wait), tt.took)
				if !errors.Is(err, context.DeadlineExceeded) || end != tt.end {
					t.Errorf("Until = %v at %v, want the deadline's error at %v", err, end, tt.end)
				}
				if diff := cmp.Diff(tt.tries, tries); diff != "" {
					t.Errorf("tries (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestUntilReturnsTheCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(90*time.Second, func() { cancel(errStopped) })
		tries, end, err := until(ctx, poll.Constant(time.Minute), 0)
		if !errors.Is(err, errStopped) || end != 90*time.Second || len(tries) != 2 {
			t.Errorf("Until = %v at %v after %d tries, want the cause at 1m30s after 2", err, end, len(tries))
		}
	})
}

func TestSleep(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		limit, sleep, took time.Duration
		want               error
	}{
		"no deadline":             {0, time.Hour, time.Hour, nil},
		"within the deadline":     {10 * time.Second, 9 * time.Second, 9 * time.Second, nil},
		"past it: not at all":     {10 * time.Second, 11 * time.Second, 0, context.DeadlineExceeded},
		"just to it: not at all":  {10 * time.Second, 10 * time.Second, 0, context.DeadlineExceeded},
		"the longest of all":      {10 * time.Second, 1<<63 - 1, 0, context.DeadlineExceeded},
		"no time":                 {10 * time.Second, 0, 0, nil},
		"less than no time":       {10 * time.Second, -time.Second, 0, nil},
		"no time and no deadline": {0, 0, 0, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tt.limit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.limit)
					defer cancel()
				}
				start := time.Now()
				if err := poll.Sleep(ctx, tt.sleep); !errors.Is(err, tt.want) || time.Since(start) != tt.took {
					t.Errorf("Sleep(%v) = %v after %v, want %v after %v", tt.sleep, err, time.Since(start), tt.want, tt.took)
				}
			})
		})
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*time.Second, func() { cancel(errStopped) })
		start := time.Now()
		if err := poll.Sleep(ctx, time.Hour); !errors.Is(err, errStopped) || time.Since(start) != 3*time.Second {
			t.Errorf("Sleep = %v after %v, want the cause after 3s", err, time.Since(start))
		}
		for range 100 { // a timer of no time must not win against the end
			if err := poll.Sleep(ctx, 0); !errors.Is(err, errStopped) {
				t.Fatalf("Sleep in a context that has ended = %v, want the cause", err)
			}
		}
	})
}

func TestSleepReturnsTheCauseOfADeadlineThatHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errStopped)
		defer cancel()
		<-ctx.Done()
		if err := poll.Sleep(ctx, time.Minute); !errors.Is(err, errStopped) {
			t.Errorf("Sleep = %v, want the deadline's cause", err)
		}
	})
}
