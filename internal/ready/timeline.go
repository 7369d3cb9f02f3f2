package ready

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Step is a stretch of tries that saw the same.
type Step struct {
	// At is when the first of them ended, counted from the start.
	At    time.Duration
	Tries int
	// Seen may quote text from the network.
	Seen string
}

// mostSteps bounds the timeline of an application that answers differently
// each time; the middle gives way.
const mostSteps = 20

type timeline []Step

// add tells whether what was seen is new.
func (t *timeline) add(at time.Duration, seen string) bool {
	if last := len(*t) - 1; last >= 0 && (*t)[last].Seen == seen {
		(*t)[last].Tries++
		return false
	}
	if len(*t) == mostSteps {
		*t = slices.Delete(*t, mostSteps/2, mostSteps/2+1)
	}
	*t = append(*t, Step{At: at, Tries: 1, Seen: seen})
	return true
}

// String tells the first step and the last few.
func (t timeline) String() string {
	const last = 4
	var parts []string
	for i, step := range t {
		switch {
		case i == 0 || i >= len(t)-last:
			parts = append(parts, step.String())
		case i == 1:
			parts = append(parts, "…")
		}
	}
	return strings.Join(parts, "; ")
}

// String tells when, what, and how often.
func (s Step) String() string {
	if s.Tries == 1 {
		return fmt.Sprintf("after %s %s", round(s.At), s.Seen)
	}
	return fmt.Sprintf("after %s %s (%d tries)", round(s.At), s.Seen, s.Tries)
}

// round leaves whole seconds: waits are not timed more finely.
func round(d time.Duration) time.Duration { return d.Round(time.Second) }
