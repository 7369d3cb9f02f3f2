package poll_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/poll"
)

func waits(b poll.Backoff, n int) []time.Duration {
	var all []time.Duration
	for i := range n {
		all = append(all, b(i))
	}
	return all
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		backoff poll.Backoff
		want    []time.Duration
	}{
		"constant":               {poll.Constant(5 * time.Second), seconds(5, 5, 5)},
		"exponential":            {poll.Exponential(time.Second, 20*time.Second), seconds(1, 2, 4, 8, 16, 20, 20)},
		"most is a power":        {poll.Exponential(time.Second, 4*time.Second), seconds(1, 2, 4, 4)},
		"base above most":        {poll.Exponential(time.Minute, time.Second), seconds(1, 1)},
		"never and no longer":    {poll.Exponential(0, time.Second), seconds(0, 0, 0)},
		"half of it by jitter":   {poll.Jitter(poll.Exponential(4*time.Second, 16*time.Second), func() float64 { return .5 }), seconds(2, 4, 8, 8)},
		"all of it by jitter":    {poll.Jitter(poll.Constant(4*time.Second), func() float64 { return 0 }), seconds(4)},
		"nothing to be jittered": {poll.Jitter(poll.Constant(0), func() float64 { return .9 }), seconds(0)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, waits(tt.backoff, len(tt.want))); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExponentialDoesNotOverflow(t *testing.T) {
	t.Parallel()
	b := poll.Exponential(time.Second, math.MaxInt64)
	last := time.Duration(0)
	for n := range 200 {
		if d := b(n); d < last || d <= 0 {
			t.Fatalf("wait %d is %v after %v, want it never shorter", n, d, last)
		} else {
			last = d
		}
	}
	if last != math.MaxInt64 {
		t.Errorf("the longest wait is %v, want most", last)
	}
}

func FuzzJitterStaysWithinItsBounds(f *testing.F) {
	f.Add(int64(time.Second), 0.0)
	f.Add(int64(1), math.Nextafter(1, 0))
	f.Add(int64(math.MaxInt64), math.Nextafter(1, 0))
	f.Add(int64(1<<53+3), math.Nextafter(1, 0))
	f.Fuzz(func(t *testing.T, wait int64, random float64) {
		if wait <= 0 || !(random >= 0 && random < 1) {
			t.Skip()
		}
		got := poll.Jitter(poll.Constant(time.Duration(wait)), func() float64 { return random })(0)
		if got <= 0 || got > time.Duration(wait) {
			t.Errorf("Jitter of %d by %v = %d, want it in (0, %d]", wait, random, got, wait)
		}
	})
}
