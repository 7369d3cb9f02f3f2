package rule

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/goccy/go-yaml/ast"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
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
	top := l.mapping(body, body, "sources, targets and rules", "sources", "targets", "rules", "own")
	if len(top.values) == 0 && len(l.problems) > 0 {
		return // it is something else altogether
	}
	l.sources(top)
	l.targets(top)
	l.rules(top)
	l.own(top)
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

func (l *loader) sources(top mapping) {
	for _, e := range l.named(top, "sources", "ci: {service: bitrise, verify: {…}}") {
		m := l.mapping(e.at, e.value, "a mapping with service and verify",
			"service", "verify", "max-body", "timestamp-tolerance", "repository", "environment", "environment-url", "api-token", "api-url", "aggregate")
		if e.key == Relay {
			l.report(e.at, "source name %q is taken: it is where the relay's own events come from", Relay)
		}
		config := source.Config{
			Name:           e.key,
			Service:        l.oneOf(m, "service", source.Services()),
			Verify:         l.verification(m),
			MaxBody:        m.size("max-body"),
			Tolerance:      m.duration("timestamp-tolerance"),
			Repository:     l.repository(m, "repository"),
			Environment:    m.text("environment"),
			EnvironmentURL: l.url(m, "environment-url"),
			APIToken:       m.secret("api-token"),
			APIURL:         l.url(m, "api-url"),
			Aggregate:      m.flag("aggregate", false),
		}
		l.checkSource(m, config)
		l.file.Sources = append(l.file.Sources, config)
		l.places[e.key] = m.node("repository")
	}
}

// checkSource reports what does not go together in one source.
func (l *loader) checkSource(m mapping, c source.Config) {
	if !slices.Contains(source.Services(), c.Service) || !m.has("verify") {
		return // said already
	}
	if c.Verify.None || len(c.Verify.Secrets) > 0 {
		if _, err := source.New(c); err != nil {
			l.report(m.node("verify"), "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	if c.Service != source.Currents {
		for _, key := range []string{"timestamp-tolerance", "aggregate"} {
			if m.has(key) {
				l.report(m.node(key), "%s is for currents only", key)
			}
		}
	}
	if c.Aggregate && c.Service == source.Currents && c.APIToken.IsZero() {
		l.report(m.node("aggregate"), "aggregate needs api-token: only the API knows all groups of a run")
	}
	if c.Service != source.Currents && c.Service != source.Bitrise && m.has("api-token") {
		l.report(m.node("api-token"), "api-token is for bitrise and currents only")
	}
}

// verification reads none, {signature: …} or {header: …, secret: …}.
func (l *loader) verification(m mapping) source.Verification {
	const want = "verify: {signature: env:NAME}, {header: NAME, secret: env:NAME} or none"
	if !m.has("verify") {
		l.report(m.at, "verify is missing: want %s", want)
		return source.Verification{}
	}
	if text, ok := m.values["verify"].(*ast.StringNode); ok {
		if text.Value != "none" {
			l.report(text, "verify %q: want %s", text.Value, want)
		}
		return source.Verification{None: text.Value == "none"}
	}
	v := l.mapping(m.node("verify"), m.values["verify"], want, "signature", "header", "secret")
	switch {
	case v.has("signature") && (v.has("header") || v.has("secret")):
		l.report(v.at, "signature and header are two ways: want one")
		return source.Verification{}
	case v.has("signature"):
		return source.Verification{Secrets: v.secrets("signature")}
	}
	return source.Verification{
		Header:  v.required("header", "the name of the header that carries the secret, or signature"),
		Secrets: l.requiredSecrets(v, "secret"),
	}
}

func (l *loader) requiredSecrets(m mapping, key string) []secret.String {
	if !m.has(key) {
		l.report(m.at, "%s is missing: want env:NAME or file:PATH", key)
	}
	return m.secrets(key)
}

func (l *loader) requiredSecret(m mapping, key string) secret.String {
	if !m.has(key) {
		l.report(m.at, "%s is missing: want env:NAME or file:PATH", key)
	}
	return m.secret(key)
}

func (l *loader) targets(top mapping) {
	for _, e := range l.named(top, "targets", "github: {service: github, token: env:GITHUB_TOKEN, repositories: [owner/name]}") {
		m := l.mapping(e.at, e.value, "a mapping with service and repositories",
			"service", "repositories", "concurrency", "api-url", "api-key", "organization-id", "project-id", "token", "app")
		t := TargetConfig{
			Name:         e.key,
			Service:      l.oneOf(m, "service", []string{TargetBugster, TargetGitHub}),
			Repositories: l.repositories(m),
			Concurrency:  int(m.whole("concurrency", 100)),
			APIURL:       l.url(m, "api-url"),
		}
		switch t.Service {
		case TargetBugster:
			l.foreign(m, "token", "app")
			t.APIKey = l.requiredSecret(m, "api-key")
			t.OrganizationID = m.required("organization-id", "the identifier from Settings > Organization")
			t.ProjectID = m.required("project-id", "the identifier from Project Settings > General")
		case TargetGitHub:
			l.foreign(m, "api-key", "organization-id", "project-id")
			t.Token, t.App = m.secret("token"), l.app(m)
			if m.has("token") == m.has("app") {
				l.report(m.at, "target %q: want either token or app", t.Name)
			}
		}
		l.file.Targets = append(l.file.Targets, t)
	}
}

// foreign reports keys that belong to another service.
func (l *loader) foreign(m mapping, keys ...string) {
	for _, key := range keys {
		if m.has(key) {
			l.report(m.node(key), "%s does not belong to service %s", key, m.text("service"))
		}
	}
}

func (l *loader) app(m mapping) App {
	if !m.has("app") {
		return App{}
	}
	a := l.mapping(m.node("app"), m.values["app"], "a mapping with id and private-key", "id", "installation-id", "private-key")
	a.required("id", "the App's id")
	const most = 1 << 53
	return App{ID: a.whole("id", most), Installation: a.whole("installation-id", most), PrivateKey: l.requiredSecret(a, "private-key")}
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

func (l *loader) own(top mapping) {
	m := l.mapping(top.at, top.values["own"], "a mapping with senders and contexts", "senders", "contexts")
	l.file.Own = Own{Senders: m.texts("senders"), Contexts: m.globs("contexts")}
	if !m.has("contexts") {
		ours, _ := deploy.ParseGlob(contextPrefix + "*")
		l.file.Own.Contexts = []deploy.Glob{ours}
	}
}

func (l *loader) rules(top mapping) {
	list, ok := top.values["rules"].(*ast.SequenceNode)
	if !ok {
		l.report(top.node("rules"), "rules are missing: want a list such as - {name: tests, source: ci, do: trigger, to: tests}")
		return
	}
	for _, n := range list.Values {
		l.rule(n)
	}
}

func (l *loader) rule(n ast.Node) {
	m := l.mapping(n, n, "a rule, which is a mapping",
		"name", "source", "event", "kind", "status", "branch", "environment", "workflow", "when", "do", "to", "max-age", "with")
	r := Rule{
		Name:   m.required("name", "a name to know its deliveries by"),
		Target: m.required("to", "a target's name"),
		MaxAge: m.duration("max-age"),
		filter: filter{
			sources:      m.words("source", append(l.sourceNames(), Relay)),
			kinds:        convert[event.Kind](m.words("kind", texts(event.Kinds()))),
			statuses:     convert[event.Status](m.words("status", texts(event.Statuses()))),
			events:       m.globs("event"),
			branches:     m.globs("branch"),
			environments: m.globs("environment"),
			workflows:    m.globs("workflow"),
			when:         m.text("when"),
		},
	}
	l.ruleName(m, r.Name)
	target := l.target(m, r.Target)
	if target != nil {
		r.Do = l.do(m, target)
		r.with = l.with(m, r.Do)
	}
	l.when(m, &r)
	l.filterDefaults(m, &r)
	if target != nil {
		l.checkRule(m, r, *target)
	}
	l.checkTwin(m, r.Name)
	l.file.Rules = append(l.file.Rules, r)
}

func (l *loader) ruleName(m mapping, name string) {
	switch {
	case name == "":
	case !nameOK(name):
		l.report(m.node("name"), "name %q: want letters, digits, dots, dashes and underscores", name)
	case slices.ContainsFunc(l.file.Rules, func(r Rule) bool { return r.Name == name }):
		l.report(m.node("name"), "name %q is another rule's: want one of its own, since deliveries are known by it", name)
	}
}

// filterDefaults narrows a rule that does not say for which events it is.
func (l *loader) filterDefaults(m mapping, r *Rule) {
	f := &r.filter
	if !m.has("source") {
		f.sources = l.sourceNames()
	}
	if !m.has("kind") && !m.has("event") {
		f.kinds = defaultKinds(r.Do)
	}
	if !m.has("status") && r.Do == Trigger {
		f.statuses = []event.Status{event.StatusSuccess}
	}
}

// defaultKinds are the kinds of event that a rule is for which names none.
func defaultKinds(do Do) []event.Kind {
	if do == Status {
		return []event.Kind{event.KindDeployment, event.KindBuild, event.KindRun, event.KindCheck}
	}
	return slices.DeleteFunc(event.Kinds(), func(k event.Kind) bool {
		return k == event.KindPing || k == event.KindOther
	})
}

// when compiles a rule's expression.
func (l *loader) when(m mapping, r *Rule) {
	if !m.has("when") {
		return
	}
	program, wrong := compile(r.filter.when, expr.AsBool())
	if wrong != nil {
		l.reportInside(m.node("when"), wrong, "when: ")
		return
	}
	r.filter.program = program
	l.checkWords(m.node("when"), r.filter.when)
}

func (l *loader) target(m mapping, name string) *TargetConfig {
	var known []string
	for i := range l.file.Targets {
		if l.file.Targets[i].Name == name {
			return &l.file.Targets[i]
		}
		known = append(known, l.file.Targets[i].Name)
	}
	if name != "" {
		l.report(m.node("to"), "target %q: %s", name, instead(name, known))
	}
	return nil
}

// do returns what a rule does: what it says, or the one thing its target can.
func (l *loader) do(m mapping, t *TargetConfig) Do {
	can := []string{string(Dispatch), string(Status), string(Issue)}
	if t.Service == TargetBugster {
		can = []string{string(Trigger)}
	}
	word := m.text("do")
	switch {
	case !m.has("do") && len(can) == 1:
		return Trigger
	case !m.has("do"):
		l.report(m.at, "do is missing: target %q can %s", t.Name, strings.Join(can, ", "))
	case !slices.Contains(can, word):
		l.report(m.node("do"), "do %q: target %q can %s", word, t.Name, strings.Join(can, ", "))
	}
	return Do(word)
}

func (l *loader) sourceNames() []string {
	var found []string
	for _, s := range l.file.Sources {
		found = append(found, s.Name)
	}
	return found
}

func texts[T ~string](words []T) []string {
	found := make([]string, len(words))
	for i, word := range words {
		found[i] = string(word)
	}
	return found
}

func convert[T ~string](words []string) []T {
	found := make([]T, len(words))
	for i, word := range words {
		found[i] = T(word)
	}
	return found
}
