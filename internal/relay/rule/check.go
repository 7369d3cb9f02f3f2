package rule

import (
	"maps"
	"slices"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
	"github.com/afterdeploy/afterdeploy/internal/relay/source"
)

// checkSources reports repositories that no target lists.
func (l *loader) checkSources() {
	for _, s := range l.file.Sources {
		if s.Repository != "" && !slices.ContainsFunc(l.file.Targets, func(t TargetConfig) bool { return t.Lists(s.Repository) }) {
			l.report(l.places[s.Name], "repository %q: no target lists it", s.Repository)
		}
	}
}

// checkRule reports a rule that can never match, and one that lacks what its
// delivery needs.
func (l *loader) checkRule(m mapping, r Rule, t TargetConfig) {
	sorts := l.sorts(r.filter)
	if len(sorts) == 0 {
		l.report(m.at, "rule %q can never match: %s", r.Name, l.whyNever(r.filter))
		return
	}
	l.checkRepository(m, r, t, sorts)
	switch r.Do {
	case Trigger:
		l.need(m, r, sorts, "an environment URL", "environment-url", sort.knowsURL)
		l.need(m, r, sorts, "a commit or branch", "commit or branch", sort.knowsRef)
	case Status:
		l.need(m, r, sorts, "a commit", "commit", sort.knowsCommit)
		l.checkCircle(m, r, sorts)
	}
}

// checkCircle reports a rule that could answer the statuses that it writes: by
// the beginning of its context the relay knows them again.
func (l *loader) checkCircle(m mapping, r Rule, sorts []sort) {
	context, given := r.with.texts["context"]
	literal, whole := context.beginning()
	if !given || whole || literal != "" {
		return
	}
	if slices.ContainsFunc(sorts, func(s sort) bool { return s.service == source.GitHub && s.kind == event.KindCheck }) {
		l.report(m.node("with"),
			"context begins with an expression: want text first, such as mirror/${context}, since GitHub reports every status back and the rule would answer its own")
	}
}

// checkTwin reports a rule that says what another one says: everything would be
// delivered twice.
func (l *loader) checkTwin(m mapping, name string) {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(m.values)) {
		if key != "name" && m.has(key) {
			b.WriteString(key + ": " + m.values[key].String() + "\n")
		}
	}
	if twin, ok := l.bodies[b.String()]; ok && b.Len() > 0 {
		l.report(m.at, "rule %q says the same as rule %q: everything would be delivered twice", name, twin)
		return
	}
	l.bodies[b.String()] = name
}

// sorts returns the sorts of event that pass a filter.
func (l *loader) sorts(f filter) []sort {
	var found []sort
	for _, name := range f.sources {
		for _, s := range sortsOf(name, l.serviceOf(name)) {
			if f.passes(s.kind, s.status) && (f.program == nil || s.can(f.when)) {
				found = append(found, s)
			}
		}
	}
	return found
}

func (l *loader) serviceOf(name string) string {
	if name == Relay {
		return Relay
	}
	return l.config(name).Service
}

func (l *loader) config(name string) source.Config {
	for _, s := range l.file.Sources {
		if s.Name == name {
			return s
		}
	}
	return source.Config{}
}

// whyNever says which part of a filter lets nothing through.
func (l *loader) whyNever(f filter) string {
	if len(f.sources) == 0 {
		return "there is no source for it"
	}
	f.when, f.program = "", nil
	if len(l.sorts(f)) > 0 {
		return "when is false for every event that gets so far"
	}
	var can []string
	for _, name := range f.sources {
		for kind, statuses := range repertoire(l.serviceOf(name)) {
			can = append(can, string(kind)+" ("+strings.Join(texts(statuses), ", ")+")")
		}
	}
	slices.Sort(can)
	return "its sources send " + strings.Join(slices.Compact(can), ", ")
}

func (l *loader) checkRepository(m mapping, r Rule, t TargetConfig, sorts []sort) {
	given, ok := r.with.texts["repository"]
	if name, constant := given.constant(); ok && constant {
		if !t.Lists(name) {
			l.report(m.node("with"),
				"repository %q is not among those that target %q lists: %s", name, t.Name, strings.Join(t.Repositories, ", "))
		}
		return
	}
	if ok || t.only() != "" {
		return
	}
	l.need(m, r, sorts, "a repository", "repository", sort.knowsRepository)
}

// need reports the kinds of event that lack what the rule does not give.
func (l *loader) need(m mapping, r Rule, sorts []sort, what, keys string, knows func(sort, source.Config) bool) {
	for key := range strings.SplitSeq(keys, " or ") {
		if _, given := r.with.texts[key]; given {
			return
		}
	}
	said := map[string]bool{}
	for _, s := range sorts {
		where := string(s.kind) + " events of source " + s.source
		if !knows(s, l.config(s.source)) && !said[where] {
			said[where] = true
			l.report(m.at, "rule %q: %s have no %s: give %s under with%s, or narrow kind and source",
				r.Name, where, strings.TrimPrefix(strings.TrimPrefix(what, "an "), "a "), keys, s.alternative(keys))
		}
	}
}

// alternative names the source's key that helps too.
func (s sort) alternative(keys string) string {
	switch {
	case keys == "repository" || keys == "environment-url":
		return " or in the source"
	case keys == "commit" && s.service == source.Bitrise:
		return ", give the source an api-token to look it up"
	}
	return ""
}

func (s sort) knowsURL(c source.Config) bool {
	return c.EnvironmentURL != "" || s.service == source.GitHub && s.kind == event.KindDeployment
}

func (s sort) knowsCommit(c source.Config) bool {
	switch s.service {
	case source.GitHub:
		return slices.Contains([]event.Kind{event.KindDeployment, event.KindBuild, event.KindCheck, event.KindPush, event.KindPull}, s.kind)
	case source.Bitrise:
		return !c.APIToken.IsZero()
	}
	return s.service == source.Currents
}

func (s sort) knowsRef(c source.Config) bool {
	return s.service == source.Bitrise || s.knowsCommit(c)
}

func (s sort) knowsRepository(c source.Config) bool {
	switch s.service {
	case source.GitHub, source.Currents, Relay:
		return true
	case source.Bitrise:
		return c.Repository != "" || !c.APIToken.IsZero()
	}
	return c.Repository != ""
}

// passes reports whether the filter lets a kind and a status through.
func (f filter) passes(kind event.Kind, status event.Status) bool {
	return (len(f.kinds) == 0 || slices.Contains(f.kinds, kind)) &&
		(len(f.statuses) == 0 || slices.Contains(f.statuses, status))
}
