package rule

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Load reads a rules file. Lookup resolves env:NAME and file:PATH, see
// [Lookup]. The error is an [*Error]: all problems at once, in the order of
// the file.
func Load(data []byte, lookup func(ref string) (secret.String, error)) (*File, error) {
	l := &loader{reader: reader{lookup: lookup, anchors: map[string]ast.Node{}}, places: map[string]ast.Node{}, bodies: map[string]string{}}
	if body := l.document(data); body != nil {
		l.sections(body)
	}
	if len(l.problems) > 0 {
		return nil, &Error{inOrder(l.problems)}
	}
	return &l.file, nil
}

func (l *loader) sections(body ast.Node) {
	top := l.mapping(body, body, "sources, targets and rules", "sources", "targets", "rules", "own", "public-url", "catch-up")
	if len(top.values) == 0 && len(l.problems) > 0 {
		return // it is something else altogether
	}
	l.publicURL(top)
	l.sources(top)
	l.targets(top)
	l.rules(top)
	l.own(top)
	l.catchUp(top)
	l.checkSources()
}

// loader makes a File of what a reader reads.
type loader struct {
	reader
	file   File
	places map[string]ast.Node // where a source names its repository
	bodies map[string]string   // the rule that says this, by what it says
}

// nameOK reports whether a name can be part of a URL.
func nameOK(name string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`).MatchString(name)
}

// named returns the entries of a section that is a mapping of names.
func (l *loader) named(top mapping, section, example string) []entry {
	if !top.has(section) {
		l.report(top.at, "%s are missing: want a mapping such as %s", section, example)
		return nil
	}
	found := l.entries(top.values[section], "a mapping such as "+example)
	for _, e := range found {
		if !nameOK(e.key) {
			l.report(e.at, "name %q: want letters, digits, dots, dashes and underscores", e.key)
		}
	}
	return found
}

// oneOf returns a required word, or "" after it was reported.
func (l *loader) oneOf(m mapping, key string, known []string) string {
	word := m.required(key, "one of "+strings.Join(known, ", "))
	if word != "" && !slices.Contains(known, word) {
		l.report(m.node(key), "%s %q: %s", key, word, instead(word, known))
		return ""
	}
	return word
}

func (l *loader) url(m mapping, key string) string {
	text := m.text(key)
	if text != "" && !absolute(text) {
		l.report(m.node(key), "%s %q: want an address such as https://app.example.com", key, text)
	}
	return text
}

// apiURL reads the address of an API, to which a key will go.
func (l *loader) apiURL(m mapping) string {
	text := l.url(m, "api-url")
	if u, err := url.Parse(text); err == nil && open(u) {
		l.report(m.node("api-url"), "api-url %q: want https, since a key goes there; http is for localhost", text)
	}
	return text
}

// publicURL reads the relay's own address, to which the services send secrets.
func (l *loader) publicURL(m mapping) {
	text := l.url(m, "public-url")
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return // said already
	case open(u):
		l.report(m.node("public-url"), "public-url %q: want https, since secrets go there; http is for localhost", text)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		l.report(m.node("public-url"), "public-url: want an address and perhaps a path, such as https://relay.example.com, and nothing else")
	}
	l.file.PublicURL = strings.TrimRight(text, "/")
}

// open reports whether an address is read along on its way.
func open(u *url.URL) bool {
	return u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback()
}

func (l *loader) own(top mapping) {
	m := l.mapping(top.at, top.values["own"], "a mapping with senders and contexts", "senders", "contexts")
	l.file.Own = Own{Senders: m.texts("senders"), Contexts: m.globs("contexts")}
	if !m.has("contexts") {
		l.ownContext(contextPrefix + "*")
	}
	for _, r := range l.file.Rules {
		l.ownContexts(r)
	}
}

// ownContexts makes a rule's commit statuses the relay's own: GitHub reports
// them back, and a rule that answers itself never ends.
func (l *loader) ownContexts(r Rule) {
	context, given := r.with.texts["context"]
	switch {
	case r.Do != Status:
	case given:
		literal, whole := context.beginning()
		if pattern := literalGlob(literal); whole {
			l.ownContext(pattern)
		} else if literal != "" {
			l.ownContext(pattern + "*")
		}
	default:
		for _, name := range r.filter.sources {
			l.ownContext(contextPrefix + name)
			l.ownContext(contextPrefix + name + "/*")
		}
	}
}

func (l *loader) ownContext(pattern string) {
	if glob, err := deploy.ParseGlob(pattern); err == nil {
		l.file.Own.Contexts = append(l.file.Own.Contexts, glob)
	}
}

// literalGlob is the pattern that matches text and nothing else.
func literalGlob(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(text)
}

// absolute reports whether text is an address on the web.
func absolute(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
