package deploy

// Outcome is how a run ended, for people and for later steps.
type Outcome string

// Every run ends in one of these.
const (
	Triggered   Outcome = "triggered"
	Passed      Outcome = "passed"
	Skipped     Outcome = "skipped"
	DryRun      Outcome = "dry-run"
	Failed      Outcome = "failed"
	Invalid     Outcome = "invalid"
	Rejected    Outcome = "rejected"
	Unreachable Outcome = "unreachable"
	Unknown     Outcome = "unknown"
	NotReady    Outcome = "not-ready"
	TimedOut    Outcome = "timed-out"
	Interrupted Outcome = "cancelled"
)

// Outcomes lists every outcome, in the order of their exit codes.
func Outcomes() []Outcome {
	return []Outcome{
		Triggered, Passed, Skipped, DryRun,
		Failed, Invalid, Rejected, Unreachable, Unknown, NotReady, TimedOut, Interrupted,
	}
}

// ExitCode is the process's exit code for the outcome where it is red.
func (o Outcome) ExitCode() int {
	switch o {
	case Triggered, Passed, Skipped, DryRun:
		return 0
	case Failed:
		return 1
	case Invalid:
		return 2
	case Rejected:
		return 3
	case Unreachable:
		return 4
	case Unknown:
		return 5
	case NotReady:
		return 6
	case TimedOut:
		return 7
	case Interrupted:
		return 130
	}
	return 2
}

// Meaning says in one sentence what the outcome tells.
func (o Outcome) Meaning() string {
	switch o {
	case Triggered:
		return "The service accepted the deployment; tests were started."
	case Passed:
		return "The tests ran and passed."
	case Skipped:
		return "There was nothing to test here; nothing was sent, or the service had nothing to run."
	case DryRun:
		return "Everything was resolved, nothing was sent."
	case Failed:
		return "The tests ran and did not pass."
	case Invalid:
		return "An input or the workflow is wrong; nothing was sent."
	case Rejected:
		return "The service said no."
	case Unreachable:
		return "The service could not be reached, or stayed too busy; no tests were started."
	case Unknown:
		return "The request was sent, and the answer was lost or not understood: tests may have started."
	case NotReady:
		return "The deployment did not become ready to be tested."
	case TimedOut:
		return "The run's time was up before there was an answer to give."
	case Interrupted:
		return "The run was cancelled."
	}
	return ""
}
