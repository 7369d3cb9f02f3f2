package trigger

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/afterdeploy/afterdeploy/internal/ci"
	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// Output declares one output of the action.
type Output struct{ Name, Text string }

// Outputs lists every output, in the order of action.yml.
func Outputs() []Output {
	return []Output{
		{"outcome", "How the run ended: triggered, passed, skipped, dry-run, failed, invalid, rejected, unreachable, unknown, not-ready, timed-out or cancelled."},
		{"reason", "Code of why, see docs/outcomes.md."},
		{"triggered", "true where the service accepted the event, else false."},
		{"status", "HTTP status of the last answer, empty without one."},
		{"response", "Body of the last answer, at most 8192 bytes, empty without one."},
		{"api-status", "The answer's status, such as processed."},
		{"api-message", "The answer's message."},
		{"api-code", "The answer's code, such as INVALID_PROJECT."},
		{"deployment-state", "State that was resolved: success, in_progress, cancelled or error."},
		{"environment", "Environment as it was sent; empty where none was."},
		{"environment-name", "Environment as its origin names it."},
		{"environment-url", "URL of the deployed application."},
		{"commit-sha", "Commit that was sent; empty where a branch was."},
		{"branch", "Branch that was sent; empty where a commit was."},
		{"pull-request", "Number of the pull request, empty without one."},
		{"project-id", "Project that was sent."},
		{"result", "passed or failed where the result was waited for and came, else empty."},
		{"result-url", "Address of the first result that failed, else of the first that is not complete, else of the first."},
		{"result-summary", "What the results say, one a line."},
		{"result-count", "Number of results that count."},
		{"result-passed", "Number of those that are a success."},
		{"result-failed", "Number of those that failed, were cancelled or timed out."},
		{"result-neutral", "Number of those that are neutral or skipped."},
		{"attempts", "Number of tries of the call."},
		{"duration-ms", "Duration of the run, in milliseconds."},
		{"correlation-id", "Identifier that went with every try of the call."},
		{"event-service", "On a repository_dispatch of afterdeploy-relay: the service that reported, such as currents. This and what follows is empty on other events."},
		{"event-kind", "What it reports about: run, build, bug, deployment, …"},
		{"event-status", "How that stands: pending, success, failure, cancelled, timed_out, open, closed or unknown."},
		{"event-commit", "Commit that it is about."},
		{"event-branch", "Branch that it is about."},
		{"event-url", "Address where people see it."},
		{"event-pull-request", "Number of the pull request that it is about."},
		{"event-subject", "Identifier of what it is about, the same in all reports of it."},
		{"event-title", "One line of text for people."},
	}
}

// mostOutput is how long an output may be, in bytes: as long as the response
// that the vendor's own action gives. All outputs of a job share 1 MB.
const mostOutput = 8192

// setOutputs sets every output as each who may be there takes it, and goes on
// where one fails. Programs of the CI's, which may hang, come last.
func (r *run) setOutputs(ctx context.Context) {
	outputs := r.outputs()
	var first error // what keeps one from being written keeps all
	for _, o := range outputs {
		if err := r.runner.SetOutput(o.Name, o.Value); err != nil && first == nil {
			first = err
		}
	}
	if first != nil {
		r.runner.Warning("afterdeploy: outputs", first.Error())
	}
	r.writeOutputs(outputs)
	if err := r.ci.SetOutputs(ctx, outputs); err != nil {
		r.runner.Notice("afterdeploy: outputs", "Later steps have no outputs: "+err.Error())
	}
}

// writeOutputs writes the file that was asked for.
func (r *run) writeOutputs(outputs []ci.Output) {
	if r.format == "" {
		return
	}
	left, err := ci.Write(r.in.OutputFile, r.format, outputs)
	if err != nil {
		r.runner.Warning("afterdeploy: outputs", err.Error())
	}
	if len(left) > 0 {
		r.runner.Log("  note: output-file has no room for " + strings.Join(left, ", "))
	}
}

// outputs are those of a run that has ended, in the order of action.yml.
func (r *run) outputs() []ci.Output {
	values := r.values()
	outputs := make([]ci.Output, 0, len(values))
	for _, o := range Outputs() {
		outputs = append(outputs, ci.Output{Name: o.Name, Value: values[o.Name]})
	}
	return outputs
}

// values are those that have one.
func (r *run) values() map[string]string {
	values := map[string]string{
		"outcome":        string(r.end.Outcome),
		"reason":         string(r.end.Reason),
		"triggered":      strconv.FormatBool(r.call.Ending.Outcome == deploy.Triggered),
		"response":       r.call.Body,
		"api-status":     r.call.Reply.Status,
		"api-message":    r.call.Reply.Message,
		"api-code":       r.call.Reply.Code,
		"project-id":     r.project,
		"attempts":       strconv.Itoa(len(r.call.Attempts)),
		"duration-ms":    strconv.FormatInt(time.Since(r.started).Milliseconds(), 10),
		"correlation-id": r.correlation,
	}
	if r.call.Status != 0 {
		values["status"] = strconv.Itoa(r.call.Status)
	}
	maps.Copy(values, r.gated.outputs())
	maps.Copy(values, reportedOutputs(r.res.Reported))
	for _, field := range deploy.Fields() {
		values[string(field)] = r.res.Deployment.Value(field)
	}
	for name, value := range values {
		values[name] = clipBytes(value, mostOutput)
	}
	return values
}

// clipBytes shortens text to a number of bytes, at a rune's border, without
// NULs.
func clipBytes(text string, most int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "")
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
