package origin

import (
	"fmt"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// repositoryDispatch reads what the sender put into client_payload; the run's
// own commit is the tip of the default branch and never what was deployed.
//
// Three forms are understood. Vercel's own, of the types vercel.deployment.….
// One with a deployment under one key, as afterdeploy-relay sends it:
//
//	{"source": "ios", "event": "build/finished", "delivery_id": "…",
//	 "about": {"service": "bitrise", "kind": "build", "status": "success",
//	  "subject": "…", "title": "…", "url": "…", "pull_request": 12},
//	 "deployment": {"state": "success", "environment": "staging",
//	  "environment_url": "https://staging.shop.example.com",
//	  "commit_sha": "…", "branch": "main", "repository": "acme/shop"}}
//
// And the same keys, or their usual short names, at the top.
func (e event) repositoryDispatch(f *findings) {
	payload := e.body.at("client_payload")
	if action := e.body.at("action").text(); strings.HasPrefix(action.value, vercelType) {
		e.vercel(f, payload, action)
		return
	}
	about := payload.at("about")
	if payload.at("deployment").isObject() {
		payload = payload.at("deployment")
	}
	ref := payload.at("ref").text()
	f.state = state(deploy.ParseState, payload.at("state").text())
	f.commit = first(deploy.ParseCommit, payload.at("commit_sha").text(), payload.at("sha").text(), payload.at("commit").text(), whole(ref))
	f.setBranch(payload.at("branch").text(), ref)
	f.environment = first(text, payload.at("environment").text())
	f.site = first(site, payload.at("environment_url").text(), page(payload.at("url").text(), e.env("GITHUB_SERVER_URL")))
	e.checkRepository(f, payload.at("repository").text())
	if about.isObject() {
		f.pull = first(pullNumber, about.at("pull_request").number())
		f.reported = reported(about, *f)
	}
}

// checkRepository warns if the sender speaks of another repository: its commit
// is unknown in this one, and so nothing can be read or written there.
func (e event) checkRepository(f *findings, named claim) {
	repository, err := repositoryName(named.value)
	own := e.env("GITHUB_REPOSITORY")
	if err != nil || own == "" || strings.EqualFold(repository, own) {
		return
	}
	f.elsewhere = true
	f.warnings = append(f.warnings, fmt.Sprintf("The dispatch is about %s, and this run belongs to %s: the commit is sent, but results on it cannot be seen from here.", repository, own))
}

const vercelType = "vercel.deployment."

// vercel reads the payload of Vercel's dispatches. Those about an error have
// no url.
func (e event) vercel(f *findings, payload node, action claim) {
	f.state = state(vercelState, vercelWord(payload.at("state"), action))
	f.commit = first(deploy.ParseCommit, payload.at("git.sha").text())
	f.setBranch(payload.at("git.ref").text())
	f.environment = first(text, payload.at("environment").text())
	f.site = first(site, withScheme(payload.at("url").text()))
}

// vercelWord prefers the state's type to the dispatch's type, which says the
// same in other words. A state that is there and says nothing is not helped.
func vercelWord(state node, action claim) claim {
	switch {
	case state.there && !state.isObject():
		return state.gap("an object")
	case state.at("type").there:
		return state.at("type").text()
	}
	action.value = strings.TrimPrefix(action.value, vercelType)
	return action
}

// vercelState knows the words that mean something at Vercel only. A deployment
// that is ready is built, but not yet promoted to its address.
func vercelState(word string) (deploy.State, error) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "promoted":
		return deploy.Success, nil
	case "ready":
		return deploy.InProgress, nil
	case "ignored":
		return deploy.Cancelled, nil
	}
	return deploy.ParseState(word)
}
