package rule

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// GitHub's limits for a repository_dispatch event.
const (
	maxPayloadKeys = 10
	maxPayload     = 65_535
	maxEventType   = 100
)

// fields returns what a rule can say about its delivery.
func fields(do Do) []string {
	switch do {
	case Trigger:
		return []string{"repository", "commit", "branch", "environment", "environment-url", "project-id"}
	case Dispatch:
		return []string{"repository", "commit", "branch", "environment", "environment-url", "event-type", "client-payload"}
	case Status:
		return []string{"repository", "commit", "context", "description", "url"}
	case Issue:
		return []string{"repository", "title", "body", "labels", "assignees", "update"}
	}
	return nil
}

// with reads what a rule says about its delivery.
func (l *loader) with(m mapping, do Do) with {
	known := fields(do)
	if known == nil {
		return with{}
	}
	n := l.mapping(m.node("with"), m.values["with"], "a mapping of fields", known...)
	w := with{texts: map[string]template{}, update: n.flag("update", true)}
	for key, value := range n.values {
		switch key {
		case "labels":
			w.labels = l.templates(n)
		case "assignees":
			w.assignees = l.assignees(value)
		case "client-payload":
			w.payload = l.payload(value)
		case "update":
		default:
			if value != nil {
				w.texts[key] = l.template(value, key)
			}
		}
	}
	return w
}

func (l *loader) template(n ast.Node, what string) template {
	t, wrong := parseTemplate(l.scalar(n, what))
	if wrong != nil {
		l.reportInside(n, wrong, what+": ")
		return template{}
	}
	return t
}

func (l *loader) templates(m mapping) []template {
	found := []template{}
	for _, i := range m.items("labels") {
		found = append(found, l.template(i.at, "labels"))
	}
	return found
}

// assignees reads a map from a service's people to GitHub's.
func (l *loader) assignees(n ast.Node) map[string]string {
	found := map[string]string{}
	for _, e := range l.entries(n, "a mapping from the service's id or name of a person to a GitHub login") {
		found[e.key] = strings.TrimPrefix(l.scalar(e.value, e.key), "@")
	}
	return found
}

// payload reads further keys of a client payload.
func (l *loader) payload(n ast.Node) map[string]any {
	found := map[string]any{}
	for _, e := range l.entries(n, "a mapping of keys to values") {
		found[e.key] = l.nested(e.value)
	}
	if own := len(ownPayloadKeys()); len(found) > maxPayloadKeys-own {
		l.report(n, "client-payload has %d keys: want %d at most, since GitHub takes %d and %d are the relay's own (%s)",
			len(found), maxPayloadKeys-own, maxPayloadKeys, own, strings.Join(ownPayloadKeys(), ", "))
	}
	for _, key := range ownPayloadKeys() {
		if _, taken := found[key]; taken {
			l.report(n, "client-payload key %q is the relay's own: want another name", key)
		}
	}
	return found
}

// nested reads a value of any shape; texts in it are templates.
func (l *loader) nested(n ast.Node) any {
	switch v := l.value(n).(type) {
	case nil:
		return nil
	case *ast.SequenceNode:
		items := make([]any, len(v.Values))
		for i, item := range v.Values {
			items[i] = l.nested(item)
		}
		return items
	case *ast.MappingNode, *ast.MappingValueNode:
		items := map[string]any{}
		for _, e := range l.entries(v, "a mapping") {
			items[e.key] = l.nested(e.value)
		}
		return items
	case *ast.IntegerNode:
		return v.Value
	case *ast.FloatNode:
		return v.Value
	case *ast.BoolNode:
		return v.Value
	default:
		return l.template(n, "client-payload")
	}
}

// resolve evaluates the templates in a value of any shape.
func resolve(value any, v view) (any, error) {
	switch value := value.(type) {
	case template:
		return value.value(v)
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			var err error
			if items[i], err = resolve(item, v); err != nil {
				return nil, err
			}
		}
		return items, nil
	case map[string]any:
		items := make(map[string]any, len(value))
		for key, item := range value {
			var err error
			if items[key], err = resolve(item, v); err != nil {
				return nil, err
			}
		}
		return items, nil
	}
	return value, nil
}

// reportInside reports a fault in a text of the file. In a block of several
// lines the column is that of the expression; the block's own indentation is
// not known.
func (l *loader) reportInside(n ast.Node, f *fault, prefix string) {
	line, column := place(n)
	switch v := n.(type) {
	case *ast.LiteralNode:
		line, column = line+1+f.line, f.column+1
	case *ast.StringNode:
		if quoted(v) {
			column++
		}
		if f.line == 0 {
			column += f.column
		} else {
			line, column = line+f.line, f.column+1
		}
	}
	l.problems = append(l.problems, Problem{line, column, prefix + f.text})
}

func quoted(n *ast.StringNode) bool {
	origin := strings.TrimSpace(n.GetToken().Origin)
	return strings.HasPrefix(origin, `"`) || strings.HasPrefix(origin, "'")
}
