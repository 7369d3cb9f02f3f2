package rule

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Lookup resolves env:NAME and file:PATH. The line end that editors leave
// after a secret in a file is no part of it.
func Lookup(getenv func(string) string, readFile func(string) ([]byte, error)) func(ref string) (secret.String, error) {
	return func(ref string) (secret.String, error) {
		if name, ok := strings.CutPrefix(ref, "env:"); ok {
			value := getenv(name)
			if value == "" {
				return secret.String{}, fmt.Errorf("environment variable %q is not set or empty", name)
			}
			return secret.New(value), nil
		}
		path := strings.TrimPrefix(ref, "file:")
		content, err := readFile(path)
		if err != nil {
			return secret.String{}, err
		}
		value := strings.TrimRight(string(content), "\r\n")
		if value == "" {
			return secret.String{}, fmt.Errorf("file %q is empty", path)
		}
		return secret.New(value), nil
	}
}

const wantSecret = "env:NAME or file:PATH"

// secrets resolves references to secrets.
func (m mapping) secrets(key string) []secret.String {
	var found []secret.String
	for _, n := range m.list(key) {
		ref := m.reference(n)
		if ref == "" {
			m.report(n, "%s: want %s; a secret itself does not belong in this file", key, wantSecret)
			continue
		}
		value, err := m.lookup(ref)
		switch {
		case err != nil:
			m.report(n, "%s: %v", key, err)
		case value.IsZero():
			m.report(n, "%s: %s is empty", key, ref)
		}
		if value.IsZero() {
			value = secret.New(ref) // the file is refused; nothing else is to blame
		}
		found = append(found, value)
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
		m.report(m.node(key), "%s is a list: want one %s", key, wantSecret)
	}
	if len(found) == 0 {
		return secret.String{}
	}
	return found[0]
}
