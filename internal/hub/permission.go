package hub

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Permission is a right of a token, in the words of a workflow's permissions.
type Permission struct {
	// Scope is such as "deployments".
	Scope string
	// Access is "read" or "write".
	Access string
}

// String is how a workflow spells it.
func (p Permission) String() string { return p.Scope + ": " + p.Access }

// ReadDeployments is what listing deployments and their statuses needs.
func ReadDeployments() Permission { return Permission{"deployments", "read"} }

// ReadChecks is what listing check runs needs.
func ReadChecks() Permission { return Permission{"checks", "read"} }

// ReadStatuses is what listing commit statuses needs.
func ReadStatuses() Permission { return Permission{"statuses", "read"} }

// WriteStatuses is what making a commit status needs.
func WriteStatuses() Permission { return Permission{"statuses", "write"} }

// ReadPullRequests is what reading pull requests and their comments needs.
func ReadPullRequests() Permission { return Permission{"pull-requests", "read"} }

// WritePullRequests is what commenting on a pull request needs; issues: write
// would do too.
func WritePullRequests() Permission { return Permission{"pull-requests", "write"} }

// ReadIssues is what listing issues needs.
func ReadIssues() Permission { return Permission{"issues", "read"} }

// WriteIssues is what making and changing issues needs.
func WriteIssues() Permission { return Permission{"issues", "write"} }

// WriteContents is what a repository_dispatch needs.
func WriteContents() Permission { return Permission{"contents", "write"} }

// ReadHooks is what looking at a repository's webhooks needs. No workflow's own
// token has it: it is a fine-grained token's "Webhooks", or read:repo_hook.
func ReadHooks() Permission { return Permission{"webhooks", "read"} }

// ReadOrganizationHooks is the same for an organization: "Organization
// webhooks", or admin:org_hook.
func ReadOrganizationHooks() Permission { return Permission{"organization webhooks", "read"} }

// PermissionsBlock is the block for a workflow's job that gives all of needs.
// It is whole, since naming one permission takes all others away.
func PermissionsBlock(needs ...Permission) string {
	access := map[string]string{"contents": "read"} // what a checkout needs
	for _, p := range needs {
		if access[p.Scope] != "write" {
			access[p.Scope] = p.Access
		}
	}
	var b strings.Builder
	b.WriteString("permissions:\n")
	for _, scope := range slices.Sorted(maps.Keys(access)) {
		fmt.Fprintf(&b, "  %s: %s\n", scope, access[scope])
	}
	return b.String()
}
