// Package target carries out what rules ask for: it starts tests, sends
// repository_dispatch events, writes commit statuses and keeps issues. It makes
// one attempt and says what follows from it; when to try again is not its
// business.
package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
)

// Target is one configured place that actions go to.
type Target interface {
	// Deliver makes one attempt. An error that is no [*Error] says that
	// nothing is known.
	Deliver(ctx context.Context, a rule.Action) (Result, error)
}

// Result is what an attempt achieved.
type Result struct {
	// Status is the HTTP status.
	Status int
	// URL is where the effect can be seen, if it is known.
	URL string
	// Note says in a sentence what was done or answered.
	Note string
}

// Verdict says what follows from an attempt that did not succeed.
type Verdict string

// The verdicts.
const (
	Retry   Verdict = "retry"   // it had no effect, or another attempt does no harm
	Dead    Verdict = "dead"    // another attempt would fare no better
	Unknown Verdict = "unknown" // it may have had its effect, and another attempt might repeat it
	Pause   Verdict = "pause"   // our credentials are not accepted: nothing goes to this target
)

// Error is an attempt that did not succeed.
type Error struct {
	Verdict Verdict
	// Status is the HTTP status, or 0 where there was no answer.
	Status int
	// After is how long the other side asked to be left alone.
	After time.Duration
	Err   error
}

// Error implements error.
func (f *Error) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f *Error) Unwrap() error { return f.Err }

// Idempotent reports whether an action can be carried out twice without harm: a
// commit status overwrites itself, and an issue is looked for by its marker
// before it is made.
func Idempotent(do rule.Do) bool { return do == rule.Status || do == rule.Issue }

// Judge reads a failed attempt, whatever it is: an error that nobody sorted is
// taken for the worst.
func Judge(do rule.Do, err error) *Error {
	var f *Error
	switch {
	case errors.As(err, &f):
		return f
	case Idempotent(do):
		return &Error{Verdict: Retry, Err: err}
	}
	return &Error{Verdict: Unknown, Err: err}
}

// New makes the target that a configuration describes.
func New(client *http.Client, c rule.TargetConfig) (Target, error) {
	var (
		made Target
		err  error
	)
	client = recorded(client)
	switch c.Service {
	case rule.TargetBugster:
		made, err = newTests(client, c)
	case rule.TargetGitHub:
		made, err = newGitHub(client, c)
	default:
		err = fmt.Errorf("service %q: want %s or %s", c.Service, rule.TargetBugster, rule.TargetGitHub)
	}
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", c.Name, err)
	}
	return bounded{made, c}, nil
}

// bounded refuses repositories that the target does not list. Rules are checked
// for that too; here it holds whatever a rule or a payload says.
type bounded struct {
	Target
	config rule.TargetConfig
}

// Deliver implements [Target].
func (b bounded) Deliver(ctx context.Context, a rule.Action) (Result, error) {
	if a.Repository != "" && !b.config.Lists(a.Repository) {
		return Result{}, &Error{Verdict: Dead, Err: fmt.Errorf("target %s does not list repository %q", a.Target, a.Repository)}
	}
	return b.Target.Deliver(ctx, a)
}

// missing is the failure of an action whose kind and content do not fit, or fit
// another target.
func missing(a rule.Action, service string) error {
	return &Error{Verdict: Dead, Err: fmt.Errorf("action %q is not for %s", cmp.Or(string(a.Do), "nothing"), service)}
}
