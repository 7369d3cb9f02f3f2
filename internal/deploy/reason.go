package deploy

// Reason is the code of why a run ended as it did. It decides the outcome.
type Reason string

// The reasons. [Catalogue] says for each its outcome, what it means and what
// to do next.
const (
	ReasonProcessed Reason = "processed"

	ReasonTestsPassed Reason = "tests-passed"

	ReasonStateNotSent         Reason = "state-not-sent"
	ReasonUnknownState         Reason = "unknown-state"
	ReasonEnvironmentNotListed Reason = "environment-not-listed"
	ReasonNoKey                Reason = "no-key"
	ReasonBotBranch            Reason = "bot-branch"
	ReasonBranchDeleted        Reason = "branch-deleted"
	ReasonNoProject            Reason = "no-project"
	ReasonServiceSkipped       Reason = "service-skipped"
	ReasonAlreadyLive          Reason = "already-live"
	ReasonNoted                Reason = "noted"

	ReasonDryRun    Reason = "dry-run"
	ReasonEventRead Reason = "event-read"

	ReasonTestsFailed Reason = "tests-failed"

	ReasonInvalidInput Reason = "invalid-input"
	ReasonKeyMissing   Reason = "key-missing"
	ReasonNoRef        Reason = "no-ref"
	ReasonNoURL        Reason = "no-url"
	ReasonPermission   Reason = "permission"

	ReasonRefused         Reason = "refused"
	ReasonUnauthorized    Reason = "unauthorized"
	ReasonForbidden       Reason = "forbidden"
	ReasonInvalidProject  Reason = "invalid-project"
	ReasonNoBugsterFolder Reason = "no-bugster-folder"
	ReasonRedirected      Reason = "redirected"

	ReasonDNS         Reason = "dns"
	ReasonConnect     Reason = "connect"
	ReasonTLS         Reason = "tls"
	ReasonCertificate Reason = "certificate"
	ReasonRateLimited Reason = "rate-limited"
	ReasonBusy        Reason = "busy"

	ReasonNoAnswer           Reason = "no-answer"
	ReasonServerError        Reason = "server-error"
	ReasonUnrecognisedAnswer Reason = "unrecognised-answer"
	ReasonAnswerTooLarge     Reason = "answer-too-large"
	ReasonFault              Reason = "fault"

	ReasonNotAnswering       Reason = "not-answering"
	ReasonWall               Reason = "wall"
	ReasonOldVersion         Reason = "old-version"
	ReasonDeploymentFailed   Reason = "deployment-failed"
	ReasonDeploymentNotFound Reason = "deployment-not-found"
	ReasonSeveralDeployments Reason = "several-deployments"

	ReasonDeadline Reason = "deadline"
	ReasonNoResult Reason = "no-result"

	ReasonSignal Reason = "signal"
)

// Entry describes one reason.
type Entry struct {
	Reason  Reason
	Outcome Outcome
	// Meaning is one sentence that holds for every run with this reason.
	Meaning string
	// Next says what to do, or is empty where nothing need be done.
	Next string
}

// Describe returns the catalogue's entry for a reason. A reason that is not in
// the catalogue is described as an unknown outcome, never as a good one.
func Describe(reason Reason) Entry {
	for _, e := range Catalogue() {
		if e.Reason == reason {
			return e
		}
	}
	return Entry{Reason: reason, Outcome: Unknown, Meaning: "The run ended for a reason that is not documented."}
}

// Ending is how one run ended. Make it with [End].
type Ending struct {
	Outcome Outcome
	Reason  Reason
	// Sentence says what happened in this run. It may quote text from the
	// network.
	Sentence string
	// Details are what the sentence counts, one by one, such as all wrong
	// inputs.
	Details []string
	// Next says what to do, or is empty.
	Next string
}

// End makes the ending for a reason. Without a sentence of the run's own, the
// catalogue's is taken.
func End(reason Reason, sentence string) Ending {
	e := Describe(reason)
	if sentence == "" {
		sentence = e.Meaning
	}
	return Ending{Outcome: e.Outcome, Reason: reason, Sentence: sentence, Next: e.Next}
}
