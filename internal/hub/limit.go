package hub

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// limits remembers until when GitHub wants to hear nothing, for each token: an
// integration that goes on asking may be banned.
type limits struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (l *limits) block(token secret.String, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil {
		l.until = map[string]time.Time{}
	}
	if until.After(l.until[token.Reveal()]) {
		l.until[token.Reveal()] = until
	}
}

func (l *limits) blocked(token secret.String, now time.Time) (until time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for who, until := range l.until {
		if !now.Before(until) {
			delete(l.until, who)
		}
	}
	until, ok = l.until[token.Reveal()]
	return until, ok
}

// spent reports that the primary limit is used up, and until when.
func spent(h http.Header, now time.Time) (until time.Time, ok bool) {
	if h.Get("X-RateLimit-Remaining") != "0" {
		return time.Time{}, false
	}
	reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	until = time.Unix(reset, 0)
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		until = now.Add(until.Sub(theirs)) // the reset is told by their clock
	}
	return until, until.After(now)
}

// secondaryWait is what GitHub asks for where it names no time.
const secondaryWait = time.Minute

// limited reports whether an answer is a rate limit's, and until when. Both
// limits answer 403 or 429; only headers and text tell them from a refusal.
func limited(status int, h http.Header, message string, now time.Time) (until time.Time, ok bool) {
	if status != http.StatusForbidden && status != http.StatusTooManyRequests {
		return time.Time{}, false
	}
	if wait, ok := outbound.RetryAfter(h, now); ok {
		return now.Add(wait), true
	}
	text := strings.ToLower(message)
	named := strings.Contains(text, "rate limit") || strings.Contains(text, "abuse detection")
	if until, ok := spent(h, now); ok && (named || status == http.StatusTooManyRequests) {
		return until, true
	}
	return now.Add(secondaryWait), named || status == http.StatusTooManyRequests
}
