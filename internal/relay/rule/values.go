package rule

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

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
