package rule

import (
	"maps"
	"strings"
	"time"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// Description is a rule as it was loaded, defaults included. An empty list is
// every one.
type Description struct {
	Name         string   `json:"name"`
	Do           Do       `json:"do"`
	Target       string   `json:"target"`
	MaxAge       string   `json:"max_age"` // a duration; empty for any age
	Sources      []string `json:"sources"`
	Kinds        []string `json:"kinds"`
	Statuses     []string `json:"statuses"`
	Events       []string `json:"events"`
	Branches     []string `json:"branches"`
	Environments []string `json:"environments"`
	Workflows    []string `json:"workflows"`
	When         string   `json:"when"`
	// With is what the rule says about its delivery.
	With map[string]any `json:"with"`
}

// Describe says what a rule does, for people.
func (r Rule) Describe() Description {
	f := r.filter
	d := Description{
		Name: r.Name, Do: r.Do, Target: r.Target, Sources: append([]string{}, f.sources...),
		Kinds: texts(f.kinds), Statuses: texts(f.statuses), Events: patterns(f.events), Branches: patterns(f.branches),
		Environments: patterns(f.environments), Workflows: patterns(f.workflows), When: f.when, With: r.with.describe(r.Do),
	}
	if r.MaxAge > 0 {
		d.MaxAge = shorten(r.MaxAge)
	}
	return d
}

// shorten writes a duration as people do: 2h, not 2h0m0s.
func shorten(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func patterns(globs []deploy.Glob) []string {
	texts := make([]string, len(globs))
	for i, one := range globs {
		texts[i] = one.String()
	}
	return texts
}

func (w with) describe(do Do) map[string]any {
	said := map[string]any{}
	for name, text := range w.texts {
		said[name] = text.source()
	}
	if w.labels != nil {
		labels := make([]any, len(w.labels))
		for i, one := range w.labels {
			labels[i] = one.source()
		}
		said["labels"] = labels
	}
	if len(w.assignees) > 0 {
		said["assignees"] = maps.Clone(w.assignees)
	}
	if len(w.payload) > 0 {
		said["client-payload"] = sources(w.payload)
	}
	if do == Issue && !w.update {
		said["update"] = false
	}
	return said
}

// sources writes the templates in a value of any shape.
func sources(value any) any {
	switch value := value.(type) {
	case template:
		return value.source()
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = sources(item)
		}
		return items
	case map[string]any:
		items := make(map[string]any, len(value))
		for key, item := range value {
			items[key] = sources(item)
		}
		return items
	}
	return value
}

// source writes a template as it stands in the file.
func (t template) source() string {
	var b strings.Builder
	for _, p := range t {
		if p.program == nil {
			b.WriteString(strings.ReplaceAll(p.literal, "${", "$${"))
			continue
		}
		b.WriteString("${" + p.program.Source().String() + "}")
	}
	return b.String()
}
