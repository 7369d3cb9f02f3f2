package source

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// githubPayload finds the event in a form, which holds it as JSON in the field
// payload.
func githubPayload(body object) object {
	if inner := body.object("payload"); inner != nil && len(body) == 1 {
		return inner
	}
	return body
}

// parseGitHub reads any event of a GitHub webhook.
func parseGitHub(h http.Header, o object) event.Event {
	e := event.Event{
		Name:       h.Get("X-GitHub-Event"),
		Kind:       event.KindOther,
		Status:     event.StatusUnknown,
		Repository: repository(o.text("repository", "full_name")),
		Sender:     o.text("sender", "login"),
		URL:        webURL(o.text("repository", "html_url")),
		Fields:     facts{"action": o.text("action")},
	}
	if read := githubEvent(e.Name); read != nil {
		read(o, &e)
	}
	if e.Subject != "" {
		e.Subject = e.Repository + "/" + e.Subject
	}
	e.Title = first(e.Title, e.Name+of(e.Repository))
	e.Fields = facts(e.Fields).known()
	return e
}

// githubEvent returns what reads an event's own part, or nil for an event that
// is kept as it is.
func githubEvent(name string) func(object, *event.Event) {
	switch name {
	case "ping":
		return func(o object, e *event.Event) { e.Kind, e.Title = event.KindPing, o.text("zen") }
	case "deployment":
		return githubDeployment
	case "deployment_status":
		return githubDeploymentStatus
	case "push":
		return githubPush
	case "workflow_run":
		return githubWorkflowRun
	case "check_run", "check_suite":
		return func(o object, e *event.Event) { githubCheck(o.object(name), name, e) }
	case "status":
		return githubStatus
	case "pull_request":
		return githubPull
	case "release":
		return githubRelease
	case "repository_dispatch":
		return githubDispatch
	}
	return nil
}

// githubState reads a state or conclusion in GitHub's words. What is not known
// is never a success.
func githubState(word string) event.Status {
	if strings.EqualFold(word, "timed_out") {
		return event.StatusTimedOut
	}
	state, err := deploy.ParseState(word)
	if err != nil {
		return event.StatusUnknown
	}
	switch state {
	case deploy.Success:
		return event.StatusSuccess
	case deploy.Error:
		return event.StatusFailure
	case deploy.Cancelled:
		return event.StatusCancelled
	}
	return event.StatusPending
}

// githubDeployment reads the deployment that two events carry.
func githubDeployment(o object, e *event.Event) {
	d := o.object("deployment")
	e.Kind, e.Status, e.State = event.KindDeployment, event.StatusPending, "created"
	e.Subject = "deployment/" + d.text("id")
	e.Commit = commit(d.text("sha"))
	e.Branch = branch(d.text("ref"))
	e.Environment = d.text("environment")
	e.Description = plainMarkdown(d.text("description"))
	e.Occurred = d.time("updated_at")
	e.Title = "Deployment" + to(e.Environment)
	e.Fields["task"] = d.text("task")
	e.Fields["creator"] = d.text("creator", "login")
}

func githubDeploymentStatus(o object, e *event.Event) {
	githubDeployment(o, e)
	s := o.object("deployment_status")
	e.State = s.text("state")
	e.Status = githubState(e.State)
	e.Environment = first(s.text("environment"), e.Environment)
	e.EnvironmentURL = deployedURL(s)
	e.Description = plainMarkdown(s.text("description"))
	e.URL = first(webURL(s.text("log_url")), webURL(s.text("target_url")), e.URL)
	e.Occurred = s.time("updated_at")
	e.Title = "Deployment" + to(e.Environment) + ": " + e.State
	e.Links = links(event.Link{Title: "Application", URL: e.EnvironmentURL}, event.Link{Title: "Log", URL: s.text("log_url")})
}

// deployedURL is where the application answers. Old integrations put it into
// target_url, which today is the log's address.
func deployedURL(s object) string {
	if u := webURL(s.text("environment_url")); u != "" {
		return u
	}
	u, err := url.Parse(webURL(s.text("target_url")))
	if err != nil || u.Host == "" || s.text("target_url") == s.text("log_url") {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	if host == "vercel.com" || host == "github.com" || strings.HasSuffix(host, ".github.com") || strings.Contains(u.Path, "/actions/runs/") {
		return ""
	}
	return u.String()
}

func githubPush(o object, e *event.Event) {
	ref := o.text("ref")
	e.Kind = event.KindPush
	e.Subject = ref
	e.Branch = branch(ref)
	e.Tag, _ = strings.CutPrefix(ref, "refs/tags/")
	if e.Tag == ref {
		e.Tag = ""
	}
	if o.text("deleted") != "true" {
		e.Commit = commit(o.text("after"))
	}
	e.URL = first(webURL(o.text("compare")), e.URL)
	e.Title = "Push" + to(first(e.Branch, e.Tag, ref))
	e.People = person("author", o.text("head_commit", "author", "name"), o.text("head_commit", "author", "username"))
	e.Fields["deleted"] = o.text("deleted")
	e.Fields["message"] = o.text("head_commit", "message")
}

func githubWorkflowRun(o object, e *event.Event) {
	run := o.object("workflow_run")
	e.Kind = event.KindBuild
	e.Subject = "run/" + run.text("id")
	e.State = first(run.text("conclusion"), run.text("status"))
	e.Status = githubState(e.State)
	e.Commit = commit(run.text("head_sha"))
	e.Branch = branch(run.text("head_branch"))
	e.Workflow = first(run.text("name"), o.text("workflow", "name"))
	e.URL = first(webURL(run.text("html_url")), e.URL)
	e.Occurred = run.time("updated_at")
	e.PullRequest = firstPull(run)
	e.Title = first(e.Workflow, "Workflow run") + ": " + e.State
	e.Fields["event"] = run.text("event")
	e.Fields["attempt"] = run.text("run_attempt")
	e.Fields["head_repository"] = run.text("head_repository", "full_name")
}

func githubCheck(check object, name string, e *event.Event) {
	e.Kind = event.KindCheck
	e.Subject = name + "/" + check.text("id")
	e.State = first(check.text("conclusion"), check.text("status"))
	e.Status = githubState(e.State)
	e.Commit = commit(check.text("head_sha"))
	e.Branch = branch(first(check.text("head_branch"), check.text("check_suite", "head_branch")))
	e.Context = first(check.text("name"), check.text("app", "name"))
	e.URL = first(webURL(check.text("html_url")), e.URL)
	e.Occurred = check.time("completed_at")
	e.PullRequest = firstPull(check)
	e.Title = first(e.Context, "Check") + ": " + e.State
	e.Fields["app"] = check.text("app", "slug")
}

func githubStatus(o object, e *event.Event) {
	e.Kind = event.KindCheck
	e.State = o.text("state")
	e.Status = githubState(e.State)
	e.Commit = commit(o.text("sha"))
	e.Context = o.text("context")
	e.Subject = "status/" + e.Commit + "/" + e.Context
	e.Description = plainMarkdown(o.text("description"))
	e.URL = first(webURL(o.text("target_url")), e.URL)
	e.Occurred = o.time("updated_at")
	e.Title = e.Context + ": " + e.State
	// A commit can be the head of several branches, or of none.
	if branches := o.objects("branches"); len(branches) == 1 {
		e.Branch = branch(branches[0].text("name"))
	}
}

func githubPull(o object, e *event.Event) {
	pull := o.object("pull_request")
	e.Kind = event.KindPull
	e.State = pull.text("state")
	e.Status = bugStatus(e.State)
	e.PullRequest = pull.count("number")
	e.Subject = "pull/" + pull.text("number")
	e.Commit = commit(pull.text("head", "sha"))
	e.Branch = branch(pull.text("head", "ref"))
	e.Title = pull.text("title")
	e.URL = first(webURL(pull.text("html_url")), e.URL)
	e.Occurred = pull.time("updated_at")
	e.Tags = names(pull.objects("labels"))
	e.People = person("author", "", pull.text("user", "login"))
	e.Fields["merged"] = pull.text("merged")
	e.Fields["draft"] = pull.text("draft")
	e.Fields["target_branch"] = pull.text("base", "ref")
	e.Fields["head_repository"] = pull.text("head", "repo", "full_name")
}

func githubRelease(o object, e *event.Event) {
	r := o.object("release")
	e.Kind = event.KindRelease
	e.State = o.text("action")
	e.Subject = "release/" + r.text("id")
	e.Tag = r.text("tag_name")
	// target_commitish is what the tag was made from, not what it points to.
	e.Title = "Release " + first(r.text("name"), e.Tag)
	e.URL = first(webURL(r.text("html_url")), e.URL)
	e.Occurred = r.time("published_at")
	e.Fields["prerelease"] = r.text("prerelease")
}

// githubDispatch reads a repository_dispatch event; Vercel reports its
// deployments so.
func githubDispatch(o object, e *event.Event) {
	payload := o.object("client_payload")
	e.Kind = event.KindDispatch
	e.State = o.text("action")
	e.Title = "Dispatch " + e.State
	// A dispatch of this relay says which delivery it was.
	e.Fields["delivery_id"] = payload.text("delivery_id")
	if word, ok := strings.CutPrefix(e.State, "vercel.deployment."); ok {
		vercelDeployment(payload, word, e)
	}
}

func vercelDeployment(payload object, word string, e *event.Event) {
	e.Kind = event.KindDeployment
	e.State = word
	e.Status = vercelState(word)
	e.Subject = "deployment/" + first(payload.text("id"), payload.text("git", "sha"))
	e.Commit = commit(payload.text("git", "sha"))
	e.Branch = branch(payload.text("git", "ref"))
	e.Environment = payload.text("environment")
	e.EnvironmentURL = webURL(payload.text("url"))
	e.Title = "Deployment" + to(e.Environment) + ": " + word
	e.Fields["project"] = payload.text("project", "name")
}

// vercelState reads Vercel's words. A deployment that is ready is built, and
// not yet where people go.
func vercelState(word string) event.Status {
	switch word {
	case "promoted":
		return event.StatusSuccess
	case "ready":
		return event.StatusPending
	case "ignored":
		return event.StatusCancelled
	}
	return githubState(word)
}

func firstPull(o object) int {
	for _, pull := range o.objects("pull_requests") {
		return pull.count("number")
	}
	return 0
}

func names(labels []object) []string {
	var found []string
	for _, label := range labels {
		if name := line(label.text("name"), maxTitle); name != "" {
			found = append(found, name)
		}
	}
	return found
}

func to(what string) string {
	if what == "" {
		return ""
	}
	return " to " + what
}
