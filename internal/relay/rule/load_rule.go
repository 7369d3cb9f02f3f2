package rule

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/goccy/go-yaml/ast"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

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
