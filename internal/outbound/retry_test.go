package outbound_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// told is one attempt in short: what came, ? where it is ambiguous, and the
// wait after it.
func told(a outbound.Attempt) string {
	text := strconv.Itoa(a.Status)
	if a.Failure != nil {
		text = string(a.Failure.Kind)
	}
	if a.Ambiguous {
		text += "?"
	}
	if a.Wait > 0 {
		text += " +" + a.Wait.String()
	}
	return text
}

func toldAll(attempts []outbound.Attempt) []string {
	var all []string
	for _, a := range attempts {
		all = append(all, told(a))
	}
	return all
}

// TestRetries is the table of docs/design.md, row by row.
func TestRetries(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		steps     []step
		ambiguous int
		want      []string
		err       error
	}{
		"an answer": {[]step{status(200)}, 1, []string{"200"}, nil},

		"refused to the end":          {[]step{before(refused())}, 0, []string{"connect +1s", "connect +1s", "connect +1s", "connect +1s", "connect"}, nil},
		"refused, then up":            {[]step{before(refused()), status(200)}, 0, []string{"connect +1s", "200"}, nil},
		"stale connection, refused":   {[]step{staleThen(before(refused())), status(200)}, 0, []string{"connect +1s", "200"}, nil},
		"no such host: twice at most": {[]step{before(noSuchHost())}, 5, []string{"dns +1s", "dns"}, nil},
		"no such host, then one":      {[]step{before(noSuchHost()), status(200)}, 0, []string{"dns +1s", "200"}, nil},
		"twice none, not in a row":    {[]step{before(noSuchHost()), before(refused()), before(noSuchHost()), status(200)}, 0, []string{"dns +1s", "connect +1s", "dns"}, nil},
		"nobody to ask for the name":  {[]step{before(nobodyToAsk()), before(nobodyToAsk()), before(nobodyToAsk()), status(200)}, 0, []string{"dns +1s", "dns +1s", "dns +1s", "200"}, nil},
		"TLS handshake":               {[]step{handshake(errHandshake), status(200)}, 0, []string{"tls +1s", "200"}, nil},
		"certificate":                 {[]step{handshake(untrusted())}, 5, []string{"certificate"}, nil},

		"429 to the end":                  {[]step{status(429)}, 0, []string{"429 +1s", "429 +1s", "429 +1s", "429 +1s", "429"}, nil},
		"429 with Retry-After":            {[]step{status(429, "Retry-After", "7"), status(200)}, 0, []string{"429 +7s", "200"}, nil},
		"503 with Retry-After":            {[]step{status(503, "Retry-After", "30"), status(200)}, 0, []string{"503 +30s", "200"}, nil},
		"Retry-After shorter than ours":   {[]step{status(503, "Retry-After", "0"), status(200)}, 0, []string{"503 +1s", "200"}, nil},
		"Retry-After in the past":         {[]step{status(503, "Retry-After", "Fri, 31 Dec 1999 07:28:00 GMT"), status(200)}, 0, []string{"503 +1s", "200"}, nil},
		"Retry-After as a date":           {[]step{status(429, "Retry-After", "Sat, 01 Jan 2000 00:00:40 GMT"), status(200)}, 0, []string{"429 +40s", "200"}, nil},
		"Retry-After beyond the budget":   {[]step{status(429, "Retry-After", "300")}, 0, []string{"429"}, outbound.ErrTooLong},
		"Retry-After just at the budget":  {[]step{status(503, "Retry-After", "120")}, 0, []string{"503"}, outbound.ErrTooLong},
		"Retry-After just below it":       {[]step{status(503, "Retry-After", "119"), status(200)}, 0, []string{"503 +1m59s", "200"}, nil},
		"Retry-After of all time":         {[]step{status(429, "Retry-After", strings.Repeat("9", 40))}, 0, []string{"429"}, outbound.ErrTooLong},
		"Retry-After on the second try":   {[]step{status(429, "Retry-After", "100"), status(429, "Retry-After", "100")}, 0, []string{"429 +1m40s", "429"}, outbound.ErrTooLong},
		"Retry-After on an ambiguous try": {[]step{status(500, "Retry-After", "9"), status(200)}, 1, []string{"500? +9s", "200"}, nil},

		"500: never":                       {[]step{status(500)}, 0, []string{"500?"}, nil},
		"500: once":                        {[]step{status(500)}, 1, []string{"500? +1s", "500?"}, nil},
		"502: never":                       {[]step{status(502)}, 0, []string{"502?"}, nil},
		"502: once":                        {[]step{status(502), status(200)}, 1, []string{"502? +1s", "200"}, nil},
		"503 without Retry-After: never":   {[]step{status(503)}, 0, []string{"503?"}, nil},
		"503 without Retry-After: once":    {[]step{status(503), status(200)}, 1, []string{"503? +1s", "200"}, nil},
		"503 with one nobody reads: never": {[]step{status(503, "Retry-After", "soon")}, 0, []string{"503?"}, nil},
		"503 with a negative one: never":   {[]step{status(503, "Retry-After", "-5")}, 0, []string{"503?"}, nil},
		"504: never":                       {[]step{status(504)}, 0, []string{"504?"}, nil},
		"504: once":                        {[]step{status(504), status(200)}, 1, []string{"504? +1s", "200"}, nil},
		"reset after sending: never":       {[]step{after(errReset)}, 0, []string{"lost?"}, nil},
		"reset after sending: once":        {[]step{after(errReset)}, 1, []string{"lost? +1s", "lost?"}, nil},
		"answer cut short: never":          {[]step{answers(200, broken())}, 0, []string{"lost?"}, nil},
		"silence: never":                   {[]step{silent}, 0, []string{"timeout?"}, nil},
		"silence: once":                    {[]step{silent, status(200)}, 1, []string{"timeout? +1s", "200"}, nil},
		"silence to the budget's end":      {[]step{silent}, 5, []string{"timeout? +1s", "timeout?"}, nil},
		"no connection to the budget":      {[]step{swallowed}, 0, []string{"connect +1s", "connect"}, nil},
		"once in all, not once each":       {[]step{status(500), before(refused()), status(429), after(errReset)}, 1, []string{"500? +1s", "connect +1s", "429 +1s", "lost?"}, nil},

		"501":               {[]step{status(501)}, 5, []string{"501?"}, nil},
		"505":               {[]step{status(505)}, 5, []string{"505?"}, nil},
		"too large":         {[]step{answers(200, bytes.NewReader(make([]byte, 4096)))}, 5, []string{"too-large"}, nil},
		"too large and 500": {[]step{answers(500, bytes.NewReader(make([]byte, 4096)))}, 5, []string{"too-large"}, nil},
	}
	for _, code := range []int{400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 425, 300, 301, 302, 303, 304, 307, 308, 201, 202, 204} {
		tests[strconv.Itoa(code)+" is final"] = struct {
			steps     []step
			ambiguous int
			want      []string
			err       error
		}{[]step{status(code, "Retry-After", "1")}, 5, []string{strconv.Itoa(code)}, nil}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &script{steps: tt.steps}
				p := poster(service, tt.ambiguous)
				var observed []string
				p.Observe = func(a outbound.Attempt) { observed = append(observed, told(a)) }
				start := time.Now()
				answer, attempts, err := p.Post(t.Context(), build)
				if diff := cmp.Diff(tt.want, toldAll(attempts)); diff != "" {
					t.Errorf("attempts (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.want, observed); diff != "" {
					t.Errorf("observed attempts (-want +got):\n%s", diff)
				}
				last := attempts[len(attempts)-1]
				var failure *outbound.Failure
				switch errors.As(err, &failure); {
				case failure != last.Failure:
					t.Errorf("error %v, want the last attempt's failure %v", err, last.Failure)
				case failure == nil && !errors.Is(err, tt.err):
					t.Errorf("error %v, want %v", err, tt.err)
				}
				if answer.Status != last.Status {
					t.Errorf("status %d, want the last attempt's %d", answer.Status, last.Status)
				}
				if took := time.Since(start); took > p.Budget {
					t.Errorf("took %v, more than the budget", took)
				}
				for i, body := range service.bodies {
					if body != `{"a":1}` {
						t.Errorf("try %d sent %q", i+1, body)
					}
				}
			})
		})
	}
}

func TestAttemptsAreATimeline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, attempts, _ := poster(&script{steps: []step{silent, status(429, "Retry-After", "5"), status(200)}}, 1).Post(t.Context(), build)
		type line struct {
			Number      int
			Start, Took time.Duration
		}
		var got []line
		for _, a := range attempts {
			got = append(got, line{a.Number, a.Start.Sub(start), a.Took})
		}
		want := []line{{1, 0, time.Minute}, {2, 61 * time.Second, 0}, {3, 66 * time.Second, 0}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
	})
}

func TestTheEndOfTheRunIsNotATryWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	errSignal := errors.New("SIGTERM")
	tests := map[string]struct {
		steps []step
		sent  bool
		want  []string
	}{
		"while it waits for the answer":      {[]step{silent}, true, []string{"stopped?"}},
		"while it connects":                  {[]step{swallowed}, false, []string{"stopped"}},
		"in the pause after a 429":           {[]step{status(429, "Retry-After", "30")}, false, []string{"429 +30s"}},
		"in the pause after a 500":           {[]step{status(500, "Retry-After", "30")}, true, []string{"500? +30s"}},
		"in the pause after a 500 and a 429": {[]step{status(500), status(429, "Retry-After", "30")}, true, []string{"500? +1s", "429 +30s"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(10*time.Second, func() { cancel(errSignal) })
				start := time.Now()
				_, attempts, err := poster(&script{steps: tt.steps}, 1).Post(ctx, build)
				if diff := cmp.Diff(tt.want, toldAll(attempts)); diff != "" {
					t.Errorf("attempts (-want +got):\n%s", diff)
				}
				var failure *outbound.Failure
				if !errors.As(err, &failure) || failure.Kind != outbound.KindStopped || !errors.Is(err, errSignal) {
					t.Fatalf("error %v, want a Failure of kind stopped with its cause", err)
				}
				if failure.Sent != tt.sent || time.Since(start) != 10*time.Second {
					t.Errorf("sent %v, after %v, want %v, after 10s", failure.Sent, time.Since(start), tt.sent)
				}
			})
		})
	}
}

func TestADeadlineOfTheRunInsideTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start := time.Now()
		_, attempts, err := poster(&script{steps: []step{silent}}, 5).Post(ctx, build)
		var failure *outbound.Failure
		if !errors.As(err, &failure) || failure.Kind != outbound.KindStopped || !failure.Sent {
			t.Errorf("error %v, want that the run was stopped after sending", err)
		}
		if time.Since(start) != 20*time.Second || len(attempts) != 1 {
			t.Errorf("%d attempts in %v, want 1 in 20s", len(attempts), time.Since(start))
		}
	})
}

func TestARequestThatCannotBeBuiltIsNotSent(t *testing.T) {
	t.Parallel()
	errBuild := errors.New("no body")
	service := &script{steps: []step{status(200)}}
	_, attempts, err := poster(service, 1).Post(t.Context(), func(context.Context) (*http.Request, error) { return nil, errBuild })
	if !errors.Is(err, errBuild) || len(attempts)+len(service.bodies) != 0 {
		t.Errorf("Post = %v with %d attempts, want the error of the builder and none", err, len(attempts))
	}
}

// FuzzRetries holds for every story: no more tries than allowed, none after a
// final answer, no more after an ambiguous try than allowed, none past the
// budget, and nowhere a URL's query.
func FuzzRetries(f *testing.F) {
	steps := []step{
		status(200), status(301), status(404), status(429), status(429, "Retry-After", "50"), status(500), status(503),
		status(503, "Retry-After", "5"), status(504), before(refused()), before(noSuchHost()), before(nobodyToAsk()),
		handshake(errHandshake), handshake(untrusted()), after(errReset), silent, swallowed, answers(200, failing{errReset}), status(501),
	}
	f.Add([]byte{5, 5, 5}, uint8(1), uint8(5))
	f.Add([]byte{9, 15, 4, 10, 0}, uint8(2), uint8(7))
	f.Add([]byte{10, 10, 10}, uint8(0), uint8(3))
	f.Fuzz(func(t *testing.T, story []byte, ambiguous, tries uint8) {
		if len(story) == 0 {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			service := &script{}
			for _, b := range story {
				service.steps = append(service.steps, steps[int(b)%len(steps)])
			}
			p := poster(service, int(ambiguous%4))
			p.Tries = 1 + int(tries%8)
			start := time.Now()
			_, attempts, err := p.Post(t.Context(), build)
			if took := time.Since(start); took > p.Budget {
				t.Errorf("took %v, more than the budget of %v", took, p.Budget)
			}
			if len(attempts) > p.Tries || len(attempts) != len(service.bodies) {
				t.Errorf("%d attempts and %d requests, want the same, at most %d", len(attempts), len(service.bodies), p.Tries)
			}
			doubtful, unknown := 0, 0
			for _, a := range attempts[:len(attempts)-1] {
				if a.Ambiguous {
					doubtful++
				}
				if a.Failure != nil && a.Failure.NoSuchHost {
					unknown++
				}
				final := a.Failure == nil && a.Status < 500 && a.Status != 429
				if final || a.Failure != nil && slices.Contains([]outbound.Kind{outbound.KindCertificate, outbound.KindStopped, outbound.KindTooLarge}, a.Failure.Kind) {
					t.Errorf("tried again after %s", told(a))
				}
				if !a.Ambiguous && (a.Failure != nil && a.Failure.Sent || a.Failure == nil && a.Status >= 500 && a.Status != 503) {
					t.Errorf("%s is not called ambiguous", told(a))
				}
			}
			if doubtful > p.Ambiguous || unknown > 1 {
				t.Errorf("%d retries after ambiguous tries and %d after no such host, want at most %d and 1", doubtful, unknown, p.Ambiguous)
			}
			if text := fmt.Sprint(err); strings.Contains(text, "hunter2") {
				t.Errorf("error %q holds the URL's query", text)
			}
		})
	})
}
