package rule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
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

// required returns a text that has to be there.
func (m mapping) required(key, want string) string {
	if !m.has(key) {
		m.report(m.at, "%s is missing: want %s", key, want)
	}
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

// item is one text and its place.
type item struct {
	text string
	at   ast.Node
}

// items returns a list of texts, or the one text that stands for a list of
// one.
func (m mapping) items(key string) []item {
	nodes := m.list(key)
	found := make([]item, len(nodes))
	for i, n := range nodes {
		found[i] = item{m.scalar(n, key), n}
	}
	return found
}

// list returns the nodes of a list, or the one node that stands for a list of
// one.
func (m mapping) list(key string) []ast.Node {
	switch n := m.values[key].(type) {
	case nil:
		return nil
	case *ast.SequenceNode:
		return n.Values
	default:
		return []ast.Node{n}
	}
}

func (m mapping) texts(key string) []string {
	var found []string
	for _, i := range m.items(key) {
		found = append(found, i.text)
	}
	return found
}

// words returns a list of texts that all have to be known.
func (m mapping) words(key string, known []string) []string {
	var found []string
	for _, i := range m.items(key) {
		if !slices.Contains(known, i.text) {
			m.report(i.at, "%s %q: %s", key, i.text, instead(i.text, known))
			continue
		}
		found = append(found, i.text)
	}
	return found
}

func (m mapping) globs(key string) []deploy.Glob {
	var found []deploy.Glob
	for _, i := range m.items(key) {
		glob, err := deploy.ParseGlob(i.text)
		if err != nil {
			m.report(i.at, "%s: %v", key, err)
			continue
		}
		found = append(found, glob)
	}
	return found
}

func (m mapping) duration(key string) time.Duration {
	if !m.has(key) {
		return 0
	}
	d, err := time.ParseDuration(m.text(key))
	if err != nil || d <= 0 {
		m.report(m.node(key), "%s %q: want a duration such as 90s, 30m or 6h", key, m.text(key))
	}
	return d
}

func (m mapping) whole(key string, most int64) int64 {
	if !m.has(key) {
		return 0
	}
	n, err := strconv.ParseInt(m.text(key), 10, 64)
	if err != nil || n < 1 || n > most {
		m.report(m.node(key), "%s %q: want a whole number from 1 to %d", key, m.text(key), most)
	}
	return n
}

func (m mapping) flag(key string, fallback bool) bool {
	switch m.text(key) {
	case "true":
		return true
	case "false":
		return false
	case "":
		return fallback
	}
	m.report(m.node(key), "%s %q: want true or false", key, m.text(key))
	return fallback
}

// size reads a number of bytes such as 512KiB or 2MiB.
func (m mapping) size(key string) int64 {
	if !m.has(key) {
		return 0
	}
	digits, unit := m.text(key), int64(1)
	for _, u := range []struct {
		name  string
		bytes int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}} {
		if rest, ok := strings.CutSuffix(digits, u.name); ok {
			digits, unit = strings.TrimSpace(rest), u.bytes
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > maxBody/unit {
		m.report(m.node(key), "%s %q: want a size such as 512KiB or 2MiB, 64MiB at most", key, m.text(key))
		return 0
	}
	return n * unit
}

const maxBody = 64 << 20

// secrets resolves references to secrets.
func (m mapping) secrets(key string) []secret.String {
	var found []secret.String
	for _, n := range m.list(key) {
		ref := m.reference(n)
		if ref == "" {
			m.report(n, "%s: want env:NAME or file:PATH; a secret itself does not belong in this file", key)
			continue
		}
		value, err := m.lookup(ref)
		switch {
		case err != nil:
			m.report(n, "%s: %v", key, err)
		case value.IsZero():
			m.report(n, "%s: %s is empty", key, ref)
		default:
			found = append(found, value)
		}
	}
	return found
}

// reference returns env:NAME or file:PATH, or "" for anything else, which may
// be a secret and is never quoted. Between [ and ] the YAML library takes
// env:NAME for a mapping of its own.
func (m mapping) reference(n ast.Node) string {
	text := ""
	switch v := m.value(n).(type) {
	case *ast.StringNode:
		text = v.Value
	case *ast.MappingNode, *ast.MappingValueNode:
		if keys := m.entries(v, ""); len(keys) == 1 {
			text = keys[0].key + ":" + m.scalar(keys[0].value, "secret")
		}
	}
	scheme, name, _ := strings.Cut(text, ":")
	if scheme != "env" && scheme != "file" || name == "" {
		return ""
	}
	return text
}

func (m mapping) secret(key string) secret.String {
	found := m.secrets(key)
	if len(m.list(key)) > 1 {
		m.report(m.node(key), "%s is a list: want one env:NAME or file:PATH", key)
	}
	if len(found) == 0 {
		return secret.String{}
	}
	return found[0]
}
