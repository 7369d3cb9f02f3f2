package work

import "time"

// schedule gives the wait after the n-th attempt, counted from 1; ok is false
// after the last. The waits grow from a hiccup to an outage over a weekend.
// They vary by a fifth, so that what failed together does not come back
// together.
func schedule(n int, random float64) (wait time.Duration, ok bool) {
	waits := [...]time.Duration{
		5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute,
		time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 24 * time.Hour,
	}
	if n < 1 || n > len(waits) {
		return 0, false
	}
	wait = waits[n-1]
	return wait + time.Duration((random-0.5)*0.4*float64(wait)), true
}

// mostAfter bounds how far somebody else's Retry-After can put an attempt off.
const mostAfter = 24 * time.Hour

// next is the wait before the next attempt. A Retry-After only lengthens it.
func next(n int, random float64, after time.Duration) (wait time.Duration, ok bool) {
	wait, ok = schedule(n, random)
	return max(wait, min(after, mostAfter)), ok
}
