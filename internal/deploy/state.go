package deploy

import (
	"fmt"
	"strings"
)

// State is a deployment's state in the words of the custom trigger endpoint.
// The zero value is no state and is never sent.
type State string

// The four states that the endpoint documents. It runs tests on Success only.
const (
	Success    State = "success"
	InProgress State = "in_progress"
	Cancelled  State = "cancelled"
	Error      State = "error"
)

// States lists every state that can be sent.
func States() []State { return []State{Success, InProgress, Cancelled, Error} }

// ParseState reads a state in the words of GitHub's deployments, workflow runs
// and check runs, or of the endpoint itself, in any case. Every other word is
// an error: in particular nothing unknown becomes [Success].
func ParseState(word string) (State, error) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "success":
		return Success, nil
	case "failure", "error", "failed", "timed_out", "startup_failure", "action_required":
		return Error, nil
	case "cancelled", "canceled", "inactive", "skipped", "stale", "neutral":
		return Cancelled, nil
	case "queued", "pending", "waiting", "requested", "in_progress":
		return InProgress, nil
	}
	return "", fmt.Errorf("unknown state %q: want success, failure (error, failed), cancelled (inactive, skipped) or in_progress (queued, pending, waiting)", word)
}
