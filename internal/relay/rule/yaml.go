package rule

import (
	"errors"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// reader reads YAML nodes and gathers what is wrong, each with its place.
type reader struct {
	problems []Problem
	anchors  map[string]ast.Node
	aliases  int // resolved so far
	lookup   func(ref string) (secret.String, error)
}

// document returns the file's one document.
func (r *reader) document(data []byte) ast.Node {
	file, err := parser.ParseBytes(data, 0)
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax):
		at := syntax.GetToken().Position
		r.problems = append(r.problems, Problem{at.Line, at.Column, "not YAML: " + syntax.GetMessage()})
		return nil
	case err != nil:
		r.problems = append(r.problems, Problem{Text: "not YAML: " + err.Error()})
		return nil
	case len(file.Docs) > 1:
		r.report(file.Docs[1].Body, "a second document: want one in a file")
	case len(file.Docs) == 0 || file.Docs[0].Body == nil:
		r.problems = append(r.problems, Problem{Text: "the file is empty: want sources, targets and rules"})
		return nil
	}
	return file.Docs[0].Body
}

// report notes a problem at a node.
func (r *reader) report(n ast.Node, format string, args ...any) {
	line, column := place(n)
	r.problems = append(r.problems, Problem{line, column, fmt.Sprintf(format, args...)})
}

// place returns where a node begins.
func place(n ast.Node) (line, column int) {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if n == nil || n.GetToken() == nil {
		return 0, 0
	}
	at := n.GetToken().Position
	return at.Line, at.Column
}

// maxAliases ends a value that holds itself.
const maxAliases = 1000

// value follows anchors and aliases, and takes null for nothing.
func (r *reader) value(n ast.Node) ast.Node {
	switch v := n.(type) {
	case *ast.AnchorNode:
		r.anchors[v.Name.GetToken().Value] = v.Value
		return r.value(v.Value)
	case *ast.AliasNode:
		if r.aliases++; r.aliases > maxAliases {
			r.report(n, "more than %d aliases, counting those inside others", maxAliases)
			return nil
		}
		if known, ok := r.anchors[v.Value.GetToken().Value]; ok {
			return r.value(known)
		}
		r.report(n, "alias %q has no anchor before it", v.Value.GetToken().Value)
		return nil
	case *ast.NullNode:
		return nil
	}
	return n
}

// entry is one key of a mapping.
type entry struct {
	key   string
	at    ast.Node // the key
	value ast.Node // nil for nothing
}

// entries returns the keys of a mapping in the order of the file.
func (r *reader) entries(n ast.Node, want string) []entry {
	n = r.value(n)
	var values []*ast.MappingValueNode
	switch v := n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	default:
		r.report(n, "want %s", want)
		return nil
	}
	found := make([]entry, len(values))
	for i, v := range values {
		found[i] = entry{v.Key.GetToken().Value, v.Key, r.value(v.Value)}
	}
	return found
}

// mapping is a mapping whose keys are known beforehand.
type mapping struct {
	*reader
	at     ast.Node
	values map[string]ast.Node
}

// mapping reads a mapping and reports every key that is not known.
func (r *reader) mapping(at, n ast.Node, want string, known ...string) mapping {
	m := mapping{r, at, map[string]ast.Node{}}
	for _, e := range r.entries(n, want) {
		if !slices.Contains(known, e.key) {
			r.report(e.at, "unknown key %q: %s", e.key, instead(e.key, known))
			continue
		}
		m.values[e.key] = e.value
	}
	return m
}

// has reports whether a key has a value.
func (m mapping) has(key string) bool { return m.values[key] != nil }

// node returns a key's value, or the mapping's own place where there is none.
func (m mapping) node(key string) ast.Node {
	if n := m.values[key]; n != nil {
		return n
	}
	return m.at
}

// demand reports a key that has to be there and is not.
func (m mapping) demand(key, want string) {
	if !m.has(key) {
		m.report(m.at, "%s is missing: want %s", key, want)
	}
}

// required returns a text that has to be there.
func (m mapping) required(key, want string) string {
	m.demand(key, want)
	return m.text(key)
}

// text returns a scalar as it is written.
func (m mapping) text(key string) string { return m.scalar(m.values[key], key) }

func (r *reader) scalar(n ast.Node, what string) string {
	switch v := r.value(n).(type) {
	case nil:
		return ""
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		return v.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return v.GetToken().Value
	}
	r.report(n, "%s is a list or a mapping: want one text", what)
	return ""
}
