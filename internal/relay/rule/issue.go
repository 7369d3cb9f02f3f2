package rule

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/relay/event"
)

// GitHub's limits for an issue.
const (
	maxTitle     = 256
	maxIssueBody = 65_536
	maxLabel     = 50
)

// issue makes an issue of an event. Its marker is the same for every event of
// the subject, so that a repeated report finds the issue of the first; an event
// without a subject has an issue of its own.
func (r Rule) issue(a *Action, v view) error {
	get := textReader{rule: r, view: v}
	labels, err := r.labels(v)
	spec := &IssueSpec{
		Marker:    marker(v.Source, cmp.Or(v.Subject, v.ID)),
		Title:     short(get.text("title", v.Title), maxTitle),
		Labels:    labels,
		Assignees: r.assignees(v.Event),
		Update:    r.with.update,
	}
	body := get.text("body", issueBody(v.Event))
	// No text of the event can pass for a marker.
	body = strings.ReplaceAll(body, "<!--", "<\u200b!--")
	spec.Body = short(strings.TrimSpace(body), maxIssueBody-len(spec.Marker)-2) + "\n\n" + spec.Marker
	a.Issue = spec
	a.OrderKey = strings.ToLower(strings.Join([]string{"issue", a.Repository, spec.Marker}, " "))
	if spec.Title == "" {
		err = errors.Join(err, errors.New("title is empty"))
	}
	return errors.Join(get.err, err)
}

// marker is a comment that people do not see and that holds nothing of the
// event's own text.
func marker(source, subject string) string {
	sum := sha256.Sum256([]byte(source + "\x00" + subject))
	return "<!-- afterdeploy issue " + hex.EncodeToString(sum[:16]) + " -->"
}

// labels returns the rule's labels, else "bug" for a bug.
func (r Rule) labels(v view) ([]string, error) {
	if r.with.labels == nil {
		if v.Event.Kind == event.KindBug {
			return []string{"bug"}, nil
		}
		return nil, nil
	}
	var found []string
	for _, t := range r.with.labels {
		label, err := t.string(v)
		if err != nil {
			return nil, fmt.Errorf("labels: %w", err)
		}
		if label = short(strings.TrimSpace(label), maxLabel); label != "" && !slices.Contains(found, label) {
			found = append(found, label)
		}
	}
	return found, nil
}

// assignees looks the event's assignees up in the rule's map, by id and by
// name.
func (r Rule) assignees(e event.Event) []string {
	var found []string
	for _, p := range e.People {
		if p.Role != "assignee" {
			continue
		}
		login := r.with.assignees[p.Handle]
		if login == "" {
			login = r.with.assignees[p.Name]
		}
		if login != "" && !slices.Contains(found, login) {
			found = append(found, login)
		}
	}
	return found
}

// issueBody shows an event: what was said, what there is to look at, and the
// facts.
func issueBody(e event.Event) string {
	var b strings.Builder
	if e.Description != "" {
		b.WriteString(e.Description + "\n\n")
	}
	for _, link := range e.Links {
		fmt.Fprintf(&b, "- [%s](<%s>)\n", escape(link.Title), strings.NewReplacer("<", "%3C", ">", "%3E").Replace(link.URL))
	}
	if len(e.Links) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("| | |\n|---|---|\n")
	for _, row := range facts(e) {
		if row[1] != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", escape(row[0]), escape(row[1]))
		}
	}
	return b.String()
}

// facts are an event's facts in the order in which people ask for them.
func facts(e event.Event) [][2]string {
	rows := [][2]string{
		{"service", e.Service},
		{"priority", e.Priority},
		{"state", e.State},
		{"environment", e.Environment},
		{"application", e.EnvironmentURL},
		{"branch", e.Branch},
		{"commit", e.Commit},
	}
	for _, p := range e.People {
		name := p.Name
		if name == "" {
			name = p.Handle
		}
		rows = append(rows, [2]string{p.Role, name})
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		rows = append(rows, [2]string{name, e.Fields[name]})
	}
	return rows
}

// escape makes Markdown that shows text as it is, also in a table's cell, and
// calls nobody.
func escape(text string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(text), " ") {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '@':
			b.WriteString("@\u200b")
		case strings.ContainsRune("\\`*_{}[]|>~", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
