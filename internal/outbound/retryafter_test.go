package outbound_test

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		text string
		want time.Duration
		ok   bool
	}{
		"seconds":              {"120", 2 * time.Minute, true},
		"none":                 {"0", 0, true},
		"white space":          {" 5 ", 5 * time.Second, true},
		"leading zeros":        {"007", 7 * time.Second, true},
		"date":                 {"Sun, 01 Mar 2026 12:01:30 GMT", 90 * time.Second, true},
		"date of RFC 850":      {"Sunday, 01-Mar-26 12:01:30 GMT", 90 * time.Second, true},
		"date of asctime":      {"Sun Mar  1 12:01:30 2026", 90 * time.Second, true},
		"date in the past":     {"Sun, 01 Mar 2026 11:00:00 GMT", 0, true},
		"date after all dates": {"Fri, 31 Dec 9999 23:59:59 GMT", math.MaxInt64, true},
		"more than a Duration": {"9223372037", math.MaxInt64, true},
		"more than 64 bits":    {strings.Repeat("9", 30), math.MaxInt64, true},
		"missing":              {"", 0, false},
		"negative":             {"-1", 0, false},
		"with a sign":          {"+1", 0, false},
		"fraction":             {"1.5", 0, false},
		"underscore":           {"1_000", 0, false},
		"hexadecimal":          {"0x10", 0, false},
		"word":                 {"soon", 0, false},
		"RFC 3339":             {"2026-03-01T12:01:30Z", 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := outbound.RetryAfter(http.Header{"Retry-After": {tt.text}}, now)
			if got != tt.want || ok != tt.ok {
				t.Errorf("RetryAfter(%q) = %v, %v, want %v, %v", tt.text, got, ok, tt.want, tt.ok)
			}
		})
	}
}

func FuzzRetryAfterIsNeverNegative(f *testing.F) {
	for _, text := range []string{"", "0", "120", "-1", "18446744073709551616", "Sun, 01 Mar 2026 12:01:30 GMT", "Sun, 01 Mar 0001 12:01:30 GMT"} {
		f.Add(text, int64(1772366400))
	}
	f.Fuzz(func(t *testing.T, text string, now int64) {
		wait, ok := outbound.RetryAfter(http.Header{"Retry-After": {text}}, time.Unix(now, 0))
		if wait < 0 || !ok && wait != 0 {
			t.Errorf("RetryAfter(%q) = %v, %v, want no negative wait, and none where it cannot be read", text, wait, ok)
		}
		digits := strings.TrimSpace(text) != "" && strings.Trim(strings.TrimSpace(text), "0123456789") == ""
		if digits && !ok {
			t.Errorf("RetryAfter(%q) cannot be read, want a number of seconds", text)
		}
	})
}

func TestBusy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		after  string
		want   bool
	}{
		"429":                       {429, "", true},
		"503 with Retry-After":      {503, "5", true},
		"503 without":               {503, "", false},
		"503 with one unreadable":   {503, "soon", false},
		"500 with Retry-After":      {500, "5", false},
		"200 with Retry-After":      {200, "5", false},
		"301 with Retry-After":      {301, "5", false},
		"503 with a date long past": {503, "Wed, 21 Oct 2015 07:28:00 GMT", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := outbound.Answer{Status: tt.status, Header: http.Header{"Retry-After": {tt.after}}}
			if got := answer.Busy(); got != tt.want {
				t.Errorf("Busy() of %d, Retry-After %q = %v, want %v", tt.status, tt.after, got, tt.want)
			}
		})
	}
}
