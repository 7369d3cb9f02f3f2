package origin

import (
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

func (e event) deploymentStatus(f *findings) {
	status, deployment := e.body.at("deployment_status"), e.body.at("deployment")
	e.deployed(f)
	f.state = state(deploy.ParseState, status.at("state").text())
	f.environment = first(text, status.at("environment").text(), deployment.at("environment").text())
	f.site = first(site, append([]claim{
		status.at("environment_url").text(),
		page(status.at("target_url").text(), e.env("GITHUB_SERVER_URL")),
	}, e.payloadURLs()...)...)
	f.context.StatusID = status.at("id").id()
}

func (e event) deployment(f *findings) {
	e.deployed(f)
	f.state = field[deploy.State]{deploy.InProgress, "the event deployment tells that one begins"}
	f.environment = first(text, e.body.at("deployment.environment").text())
	f.site = first(site, e.payloadURLs()...)
}

// deployed reads what both events say about the deployment. Its ref is a
// branch, a tag or, from many hosts, the commit once more.
func (e event) deployed(f *findings) {
	deployment := e.body.at("deployment")
	ref := deployment.at("ref").text()
	f.commit = first(deploy.ParseCommit, deployment.at("sha").text(), whole(ref), e.env.claim("GITHUB_SHA"))
	if strings.HasPrefix(e.env("GITHUB_REF"), "refs/tags/") {
		ref = ref.unless("a tag")
	}
	f.setBranch(ref)
	f.context.DeploymentID = deployment.at("id").id()
	if e.loops() {
		f.warnings = append(f.warnings, fmt.Sprintf("This workflow was started by a deployment that it made itself, and so goes in a circle: a job with environment: makes a deployment. Take environment: out of the jobs of %q.", e.env("GITHUB_WORKFLOW")))
	}
}

// payloadURLs are the places where deployment tools put the site's address in
// the deployment's own payload, which is an object or a JSON text.
func (e event) payloadURLs() []claim {
	payload := e.body.at("deployment.payload").embedded()
	var claims []claim
	for _, key := range []string{"environment_url", "web_url"} {
		claims = append(claims, page(payload.at(key).text(), e.env("GITHUB_SERVER_URL")))
	}
	return claims
}

// whole lets a ref pass only if it is a whole commit hash.
func whole(ref claim) claim {
	if deploy.IsFullSHA(ref.value) {
		return ref
	}
	return ref.unless("not a commit")
}

// loops reports whether the deployment was made by this very workflow.
func (e event) loops() bool {
	run, ref := e.body.at("workflow_run"), e.env("GITHUB_WORKFLOW_REF")
	for _, path := range []claim{e.body.at("workflow.path").text(), run.at("path").text()} {
		if path.gap == "" && ref != "" {
			file, _, _ := strings.Cut(path.value, "@")
			return strings.Contains(ref, "/"+file+"@")
		}
	}
	for _, name := range []claim{e.body.at("workflow.name").text(), run.at("name").text()} {
		if name.gap == "" {
			return name.value == e.env("GITHUB_WORKFLOW")
		}
	}
	return false
}
