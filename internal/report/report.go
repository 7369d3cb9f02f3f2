// Package report turns a run into what people read: the step summary in
// Markdown, the lines of the log and the explanation in JSON. It is pure, and
// it escapes everything that came over the network.
package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/outbound"
)

// Run is all there is to tell about a run.
type Run struct {
	Ending     deploy.Ending
	Deployment deploy.Deployment
	Reasons    deploy.Reasons

	ProjectID, ProjectReason string
	CorrelationID            string

	// Status is the last answer's HTTP status, 0 without one; the other
	// three are from its body.
	Status                         int
	APIStatus, APIMessage, APICode string
	Attempts                       []outbound.Attempt
	Duration                       time.Duration

	// Steps tell what happened before and after the call, such as a wait.
	Steps []Step
	// Notes are worth knowing, Warnings worth a person's attention.
	Notes, Warnings []string
}

// Step is one thing the run did beside the call.
type Step struct {
	// Title says what was done, in our own words.
	Title string
	// Lines tell how it went; they may hold text from the network.
	Lines []string
	// URL, if set, is where to look.
	URL string
}

// Markdown is the step summary.
func Markdown(r Run) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s\n\n", symbol(r.Ending.Outcome), title(r))
	fmt.Fprintf(&b, "**%s** · `%s` — %s\n\n", r.Ending.Outcome, r.Ending.Reason, prose(r.Ending.Sentence))
	for _, detail := range r.Ending.Details {
		fmt.Fprintf(&b, "- %s\n", prose(detail))
	}
	if len(r.Ending.Details) > 0 {
		b.WriteString("\n")
	}
	if r.Ending.Next != "" {
		fmt.Fprintf(&b, "**Next:** %s\n\n", prose(r.Ending.Next))
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&b, "> [!WARNING]\n> %s\n\n", prose(warning))
	}
	b.WriteString(deploymentTable(r))
	b.WriteString(answer(r))
	for _, step := range r.Steps {
		b.WriteString(stepMarkdown(step))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "- ℹ %s\n", prose(note))
	}
	if len(r.Notes) > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "<sub>%s", Duration(r.Duration))
	if r.CorrelationID != "" {
		fmt.Fprintf(&b, " · correlation id %s", code(r.CorrelationID))
	}
	b.WriteString("</sub>\n")
	return b.String()
}

// title is the headline: how it ended, and for what.
func title(r Run) string {
	text := map[deploy.Outcome]string{
		deploy.Triggered:   "Tests triggered",
		deploy.Passed:      "Tests passed",
		deploy.Skipped:     "Nothing to test",
		deploy.DryRun:      "Dry run: nothing was sent",
		deploy.Failed:      "Tests failed",
		deploy.Invalid:     "Not sent: the configuration is wrong",
		deploy.Rejected:    "The service said no",
		deploy.Unreachable: "The service could not be reached",
		deploy.Unknown:     "Sent, but it is unknown whether tests started",
		deploy.NotReady:    "Not tested: the deployment is not ready",
		deploy.TimedOut:    "Time is up",
		deploy.Interrupted: "Cancelled",
	}[r.Ending.Outcome]
	if name := r.Deployment.EnvironmentName; name != "" {
		text += " · " + code(name)
	}
	return text
}

func symbol(o deploy.Outcome) string {
	switch o {
	case deploy.Triggered, deploy.Passed:
		return "✅"
	case deploy.Skipped:
		return "⏭️"
	case deploy.DryRun:
		return "📝"
	case deploy.Unknown:
		return "❓"
	case deploy.NotReady, deploy.TimedOut:
		return "⏳"
	case deploy.Interrupted:
		return "🛑"
	}
	return "❌"
}

// deploymentTable shows what was resolved, each value with its reason; of the
// fields without a value, those that somebody may miss.
func deploymentTable(r Run) string {
	if len(r.Reasons) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| Deployment | Value | Why |\n| --- | --- | --- |\n")
	for _, field := range deploy.Fields() {
		value, reason := r.Deployment.Value(field), r.Reasons[field]
		if value == "" && field != deploy.FieldURL && field != deploy.FieldEnvironment {
			continue
		}
		shown := code(value)
		if field == deploy.FieldURL {
			shown = link(value)
		}
		if value == "" {
			shown = "–"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", field, shown, prose(reason))
	}
	if r.ProjectID != "" {
		fmt.Fprintf(&b, "| project-id | %s | %s |\n", code(r.ProjectID), prose(r.ProjectReason))
	}
	b.WriteString("\n")
	return b.String()
}

// answer shows what the service said, and the tries as a timeline.
func answer(r Run) string {
	if len(r.Attempts) == 0 {
		return ""
	}
	var b strings.Builder
	if r.Status != 0 {
		fmt.Fprintf(&b, "**Answer:** `%d`", r.Status)
		for _, part := range []string{r.APIStatus, r.APICode} {
			if part != "" {
				fmt.Fprintf(&b, " · %s", code(part))
			}
		}
		if r.APIMessage != "" {
			fmt.Fprintf(&b, " — %s", prose(r.APIMessage))
		}
		b.WriteString("\n\n")
	}
	b.WriteString("| Try | Began | Took | Came of it | Then waited |\n| --: | --: | --: | --- | --: |\n")
	for _, a := range r.Attempts {
		wait := ""
		if a.Wait > 0 {
			wait = Duration(a.Wait)
		}
		fmt.Fprintf(&b, "| %d | +%s | %s | %s | %s |\n", a.Number,
			Duration(a.Start.Sub(r.Attempts[0].Start)), Duration(a.Took), prose(CameOf(a)), wait)
	}
	b.WriteString("\n")
	return b.String()
}

// CameOf says what came of a try.
func CameOf(a outbound.Attempt) string {
	text := "HTTP " + strconv.Itoa(a.Status)
	if a.Failure != nil {
		text = a.Failure.Error()
	}
	if a.Ambiguous {
		text += " (may have been carried out)"
	}
	return text
}

func stepMarkdown(s Step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**", prose(s.Title))
	if s.URL != "" {
		fmt.Fprintf(&b, " · %s", link(s.URL))
	}
	b.WriteString("\n\n")
	for _, line := range s.Lines {
		fmt.Fprintf(&b, "- %s\n", prose(line))
	}
	if len(s.Lines) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// Duration shows a time as people say it: two figures are enough.
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}
