package rule

import (
	"regexp"
	"slices"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// leastCatchUp is how often the services can be asked at most: each has a limit
// on that.
const leastCatchUp = time.Minute

// catchUp reads how often the relay looks for what it missed.
func (l *loader) catchUp(top mapping) {
	if l.file.CatchUp = top.duration("catch-up"); !top.has("catch-up") {
		return
	}
	if every := l.file.CatchUp; every > 0 && every < leastCatchUp {
		l.report(top.node("catch-up"), "catch-up %q: want 1m at least", top.text("catch-up"))
	}
	if !slices.ContainsFunc(l.file.Sources, asks) {
		l.report(top.node("catch-up"), "catch-up: no source says whose webhook it receives: want hooks-of, app, app-slug or project-id in one")
	}
}

// asks reports whether a source's service can be asked what it sent.
func asks(c source.Config) bool {
	return c.ProjectID != "" || c.AppSlug != "" || len(c.HooksOf) > 0 || c.AppID != 0
}

// hooksOf reads repositories and organizations.
func (l *loader) hooksOf(m mapping) []string {
	form := regexp.MustCompile(`^[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]+)?$`)
	for _, i := range m.items("hooks-of") {
		if !form.MatchString(i.text) {
			l.report(i.at, "hooks-of %q: want a repository, owner/name, or an organization", i.text)
		}
	}
	return m.texts("hooks-of")
}

// checkHooks reports what does not go together in a source of GitHub's.
func (l *loader) checkHooks(m mapping, c source.Config) {
	if c.Service != source.GitHub {
		l.only(m, source.GitHub, "hooks-of", "app")
		return
	}
	if m.has("hooks-of") && c.APIToken.IsZero() {
		l.report(m.node("hooks-of"), "hooks-of needs api-token: one that may read webhooks")
	}
	if m.has("api-token") && !m.has("hooks-of") {
		l.report(m.node("api-token"), "api-token of a github source is for hooks-of: want both")
	}
}
