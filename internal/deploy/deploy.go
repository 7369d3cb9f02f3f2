// Package deploy holds the words of the domain: what was deployed, in which
// state, and how a run about it ended. It does no I/O and knows no service.
package deploy

import "strconv"

// Deployment is what tests can be asked for: a state, a place and exactly one
// of commit or branch.
type Deployment struct {
	State State
	Ref   Ref

	// Environment is the name sent to the service. Empty leaves the field out,
	// and the service takes that for "production".
	Environment string
	// EnvironmentName is the name as its origin spells it ("Preview – web").
	EnvironmentName string
	// URL is where the deployed application answers; empty when none is known.
	URL string

	// PullRequest is the number of the pull request the deployment belongs to,
	// or 0.
	PullRequest int
	// Repository is "owner/name", or empty outside GitHub.
	Repository string
}

// Field names one part of a [Deployment] where people and later steps read it:
// in outputs, in the summary and in the table of reasons.
type Field string

// The fields of a Deployment that are resolved, each with a reason.
const (
	FieldState           Field = "deployment-state"
	FieldCommit          Field = "commit-sha"
	FieldBranch          Field = "branch"
	FieldEnvironment     Field = "environment"
	FieldEnvironmentName Field = "environment-name"
	FieldURL             Field = "environment-url"
	FieldPullRequest     Field = "pull-request"
	FieldRepository      Field = "repository"
)

// Fields lists every resolved field in the order in which people read them.
func Fields() []Field {
	return []Field{
		FieldState, FieldEnvironment, FieldEnvironmentName, FieldURL,
		FieldCommit, FieldBranch, FieldPullRequest, FieldRepository,
	}
}

// Reasons says for each field why it has the value it has, for example
// "pull_request.head.sha".
type Reasons map[Field]string

// Value returns a field as text, "" where it has no value.
func (d Deployment) Value(field Field) string {
	switch field {
	case FieldState:
		return string(d.State)
	case FieldCommit:
		return d.Ref.Commit()
	case FieldBranch:
		return d.Ref.Branch()
	case FieldEnvironment:
		return d.Environment
	case FieldEnvironmentName:
		return d.EnvironmentName
	case FieldURL:
		return d.URL
	case FieldRepository:
		return d.Repository
	case FieldPullRequest:
		if d.PullRequest > 0 {
			return strconv.Itoa(d.PullRequest)
		}
	}
	return ""
}
