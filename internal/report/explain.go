package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// explanation is the JSON of "afterdeploy explain --output json".
type explanation struct {
	Deployment struct {
		State           string `json:"state"`
		Environment     string `json:"environment"`
		EnvironmentName string `json:"environment_name"`
		EnvironmentURL  string `json:"environment_url"`
		CommitSHA       string `json:"commit_sha"`
		Branch          string `json:"branch"`
		PullRequest     int    `json:"pull_request"`
		Repository      string `json:"repository"`
	} `json:"deployment"`
	Reasons  map[string]string `json:"reasons"`
	Decision struct {
		Outcome  string   `json:"outcome"`
		Reason   string   `json:"reason"`
		Sentence string   `json:"sentence"`
		Details  []string `json:"details"`
		Next     string   `json:"next"`
	} `json:"decision"`
	ProjectID string   `json:"project_id"`
	Notes     []string `json:"notes"`
	Warnings  []string `json:"warnings"`
}

// JSON explains a run as a JSON object. The keys of reasons are those of
// deployment, and project_id. No line of it is a command to a runner: the text
// in it begins no line, and "##", with which "##[" and "##vso[" begin, is
// written as an escape.
func JSON(r Run) ([]byte, error) {
	var e explanation
	d := r.Deployment
	e.Deployment.State = string(d.State)
	e.Deployment.Environment = d.Environment
	e.Deployment.EnvironmentName = d.EnvironmentName
	e.Deployment.EnvironmentURL = d.URL
	e.Deployment.CommitSHA = d.Ref.Commit()
	e.Deployment.Branch = d.Ref.Branch()
	e.Deployment.PullRequest = d.PullRequest
	e.Deployment.Repository = d.Repository
	e.Reasons = map[string]string{}
	for field, reason := range r.Reasons {
		e.Reasons[jsonKey(field)] = reason
	}
	e.Decision.Outcome, e.Decision.Reason = string(r.Ending.Outcome), string(r.Ending.Reason)
	e.Decision.Sentence, e.Decision.Next = r.Ending.Sentence, r.Ending.Next
	e.Decision.Details = append([]string{}, r.Ending.Details...)
	e.ProjectID = r.ProjectID
	if r.ProjectID != "" {
		e.Reasons["project_id"] = r.ProjectReason
	}
	e.Notes, e.Warnings = append([]string{}, r.Notes...), append([]string{}, r.Warnings...)
	out, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the explanation: %w", err)
	}
	return append(bytes.ReplaceAll(out, []byte("##"), []byte(`#\u0023`)), '\n'), nil
}

func jsonKey(field deploy.Field) string {
	if field == deploy.FieldState {
		return "state"
	}
	return strings.ReplaceAll(string(field), "-", "_")
}

// Table explains what is sent as lines of text: field, value, reason.
func Table(r Run) string {
	var rows [][3]string
	for _, field := range deploy.Fields() {
		rows = append(rows, [3]string{string(field), clip(r.Deployment.Value(field)), clip(r.Reasons[field])})
	}
	if r.ProjectID != "" {
		rows = append(rows, [3]string{"project-id", clip(r.ProjectID), clip(r.ProjectReason)})
	}
	width := [2]int{}
	for i, row := range rows {
		rows[i][1] = cmp.Or(row[1], "-")
		width[0] = max(width[0], len(row[0]))
		width[1] = max(width[1], min(len([]rune(row[1])), 48))
	}
	var b strings.Builder
	for _, row := range rows {
		line := fmt.Sprintf("  %-*s  %-*s  %s", width[0], row[0], width[1], row[1], row[2])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
