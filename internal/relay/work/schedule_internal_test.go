package work

import (
	"testing"
	"time"
)

// The schedule reaches over three days, each wait within a fifth of its word.
func TestSchedule(t *testing.T) {
	t.Parallel()
	words := []time.Duration{
		5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour,
		3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 24 * time.Hour,
	}
	for i, want := range words {
		for random, factor := range map[float64]float64{0: 0.8, 0.5: 1, 0.999999: 1.2} {
			got, ok := schedule(i+1, random)
			if !ok || (got-time.Duration(factor*float64(want))).Abs() > time.Second {
				t.Errorf("schedule(%d, %v) = %v, %v; want %v times %v", i+1, random, got, ok, factor, want)
			}
		}
	}
	for _, n := range []int{0, -1, len(words) + 1} {
		if wait, ok := schedule(n, 0.5); ok {
			t.Errorf("schedule(%d) = %v, want an end", n, wait)
		}
	}
}

func TestRetryAfterOnlyExtends(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]time.Duration{
		0: 30 * time.Second, time.Second: 30 * time.Second, time.Hour: time.Hour, 365 * 24 * time.Hour: 24 * time.Hour,
	} {
		if got, ok := next(2, 0.5, after); got != want || !ok {
			t.Errorf("next(2, after %v) = %v, %v; want %v", after, got, ok, want)
		}
	}
}
