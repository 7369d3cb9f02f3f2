// Package trigger is the action, from its inputs to its exit code: it reads,
// resolves, decides, calls and tells. What each of these means is known by the
// rooms it puts together.
package trigger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/bugster"
	"github.com/afterdeploy/afterdeploy/internal/ci"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/gha"
	"github.com/afterdeploy/afterdeploy/internal/input"
	"github.com/afterdeploy/afterdeploy/internal/origin"
	"github.com/afterdeploy/afterdeploy/internal/report"
)

// Host is the machine that a run happens on.
type Host struct {
	// Version is the program's, for the log and the User-Agent.
	Version string
	// Getenv reads the environment.
	Getenv func(string) string
	// Flag reads a command line flag by an input's name, "" where it is not
	// given. It may be nil.
	Flag func(name string) string
	// KeyFile is a file that holds the API key, "" for none.
	KeyFile string
	// ReadFile reads a file whole, as [os.ReadFile] does.
	ReadFile func(path string) ([]byte, error)
	// Out takes the log, and all else that is printed.
	Out io.Writer
	// Random spreads waits; it returns values in [0, 1).
	Random func() float64
	// Transport, if set, takes the place of the network.
	Transport http.RoundTripper
}

// errDeadline is why a run's context ends when its timeout has passed.
var errDeadline = errors.New("the run's timeout has passed")

// Trigger runs the action and returns its exit code. When ctx ends, the run
// ends as cancelled, with its outputs written.
func (h Host) Trigger(ctx context.Context) int {
	r := begin(h)
	r.end = r.carryOut(ctx, r.steps())
	return r.tell(ctx)
}

// Explain resolves and decides as Trigger would, and prints the result, as
// JSON if wanted. It calls nobody.
func (h Host) Explain(ctx context.Context, asJSON bool) (int, error) {
	out := h.Out
	h.Out = io.Discard // the explanation is all that is printed
	r := begin(h)
	r.end = r.carryOut(ctx, []step{r.read, r.resolve, r.decide, explained})
	text := []byte(r.explanation() + "\n")
	if asJSON {
		var err error
		if text, err = report.JSON(r.report()); err != nil {
			return deploy.Invalid.ExitCode(), err
		}
	} else {
		text = []byte(gha.Plain(string(text)))
	}
	if _, err := out.Write(text); err != nil {
		return deploy.Invalid.ExitCode(), err
	}
	return r.end.Outcome.ExitCode(), nil
}

// explained ends an explanation of what would be sent.
func explained(context.Context) *deploy.Ending {
	return &deploy.Ending{Outcome: deploy.DryRun, Reason: deploy.ReasonDryRun, Sentence: "The action would send this."}
}

// run is one run under way: what is known so far.
type run struct {
	Host
	atGitHub
	runner  *gha.Runner
	ci      ci.Host
	started time.Time

	in       input.Inputs
	endpoint string
	client   *http.Client
	format   ci.Format // of the file for outputs, zero without one

	res     origin.Resolution
	project string
	// projectReason says why it is that project.
	projectReason string

	correlation string
	call        bugster.Result
	stepsTold   []report.Step
	shown       bool // the deployment is in the log
	notes       []string
	warnings    []string
	end         deploy.Ending
}

func begin(h Host) *run {
	return &run{
		Host: h, started: time.Now(), runner: gha.New(h.Out, h.Getenv),
		ci: ci.Host{Name: origin.CI(h.Getenv), Getenv: h.Getenv, Log: h.Out},
	}
}

// A step does one thing of a run. It returns the run's ending, or nil where
// the run goes on.
type step func(context.Context) *deploy.Ending

// steps are those of a whole run, in order.
func (r *run) steps() []step {
	return []step{
		r.read, r.resolve, r.decide, r.once, r.pending, r.find, r.dryRun,
		r.makeReady, r.snapshot, r.trigger, r.gate,
	}
}

// carryOut takes step after step until one ends the run.
func (r *run) carryOut(ctx context.Context, steps []step) (end deploy.Ending) {
	defer r.survive(&end)
	r.runner.Log("afterdeploy " + r.Version)
	for i, step := range steps {
		if end := step(ctx); end != nil {
			return interrupted(ctx, *end)
		}
		if i == 0 { // the inputs are read, and with them the timeout
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeoutCause(ctx, r.in.Timeout, errDeadline)
			defer cancel()
		}
	}
	return deploy.End(deploy.ReasonFault, "")
}

// survive makes a panic an ending, so that the outputs are written and the log
// says where to look. Its text stays out of the ending: nobody knows what it
// quotes.
func (r *run) survive(end *deploy.Ending) {
	if cause := recover(); cause != nil {
		r.runner.Log(fmt.Sprintf("panic: %v\n%s", cause, debug.Stack()))
		*end = deploy.End(deploy.ReasonFault, "")
	}
}

// interrupted says which endings are really those of a run that was stopped
// from outside, or whose time is up.
func interrupted(ctx context.Context, end deploy.Ending) deploy.Ending {
	if ctx.Err() == nil {
		return end
	}
	undecided := []deploy.Outcome{deploy.Unreachable, deploy.Unknown, deploy.NotReady, deploy.TimedOut}
	if !slices.Contains(undecided, end.Outcome) {
		return end
	}
	if !errors.Is(context.Cause(ctx), errDeadline) {
		return deploy.End(deploy.ReasonSignal, "The run was cancelled. "+end.Sentence)
	}
	if end.Outcome == deploy.Unreachable {
		return deploy.End(deploy.ReasonDeadline, "The run's timeout passed. "+end.Sentence)
	}
	return end
}

// red reports whether the outcome fails the step.
func (r *run) red() bool {
	return r.end.Outcome == deploy.Invalid || slices.Contains(r.in.FailOn, r.end.Outcome)
}

// exitCode is that of the outcome, where it is red.
func (r *run) exitCode() int {
	if !r.red() {
		return 0
	}
	return max(1, r.end.Outcome.ExitCode())
}
