package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pair is one field of a form, in the order in which it was sent.
type pair struct{ key, value string }

// Forms deeper or longer than this come from no form.
const (
	maxPairs = 5_000
	maxDepth = 8
)

var errTooManyFields = fmt.Errorf("form has more than %d fields", maxPairs)

// urlencoded reads an urlencoded form and keeps the order of its fields.
func urlencoded(body string) ([]pair, error) {
	var pairs []pair
	for field := range strings.SplitSeq(body, "&") {
		if field == "" {
			continue
		}
		if len(pairs) == maxPairs {
			return nil, errTooManyFields
		}
		key, value, _ := strings.Cut(field, "=")
		k, err := url.QueryUnescape(key)
		v, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil {
			return nil, errors.New("form has a % that no two hexadecimal digits follow")
		}
		pairs = append(pairs, pair{k, v})
	}
	return pairs, nil
}

// multiparted reads a multipart form. Of a file it keeps the name and size.
func multiparted(body []byte, boundary string) ([]pair, error) {
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	var pairs []pair
	for {
		part, err := reader.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return pairs, nil
		case err != nil:
			return nil, errors.New("not a multipart form")
		case len(pairs) == maxPairs:
			return nil, errTooManyFields
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, errors.New("multipart form ends in the middle of a field")
		}
		value := string(content)
		if name := part.FileName(); name != "" {
			value = fmt.Sprintf("file %s, %d bytes", name, len(content))
		}
		pairs = append(pairs, pair{part.FormName(), value})
	}
}

// tree nests flat fields: a[b], a.b and a[0][b] are paths, a[] is the next
// item, a key that comes again makes a list. A field that fits nowhere is kept
// under its whole key.
func tree(pairs []pair) object {
	root := map[string]any{}
	for _, p := range pairs {
		if !put(root, keySteps(p.key), p.value) {
			root[p.key] = p.value
		}
	}
	for key, value := range root {
		root[key] = lists(value)
		if text, ok := value.(string); ok && holdsJSON(key) {
			root[key] = unwrap(text)
		}
	}
	return root
}

// holdsJSON reports whether a field that is text may be JSON inside. What a
// person wrote stays text, whatever it looks like.
func holdsJSON(key string) bool {
	switch key {
	case "customFields", "assignees", "metadata", "attachments", "payload", "data", "body", "json":
		return true
	}
	return false
}

// keySteps splits a key such as a[b][] or a.b into its steps.
func keySteps(key string) []string {
	key = strings.NewReplacer("[", ".", "]", "").Replace(key)
	steps := strings.Split(key, ".")
	if steps[0] == "" || len(steps) > maxDepth {
		return []string{key}
	}
	return steps
}

func put(parent map[string]any, steps []string, value string) bool {
	key := steps[0]
	if key == "" {
		key = nextItem(parent, steps[1:])
	}
	old, exists := parent[key]
	if len(steps) > 1 {
		child, ok := old.(map[string]any)
		if exists && !ok {
			return false
		}
		if !exists {
			child = map[string]any{}
			parent[key] = child
		}
		return put(child, steps[1:], value)
	}
	switch old := old.(type) {
	case nil:
		parent[key] = value
	case string:
		parent[key] = []any{old, value}
	case []any:
		parent[key] = append(old, value)
	default:
		return false
	}
	return true
}

// nextItem says which item of a list a[] means: a new one, unless the last one
// is an object that still lacks the key that follows.
func nextItem(list map[string]any, rest []string) string {
	if len(rest) == 0 {
		return strconv.Itoa(len(list))
	}
	last := strconv.Itoa(len(list) - 1)
	item, ok := list[last].(map[string]any)
	if _, taken := item[rest[0]]; ok && !taken {
		return last
	}
	return strconv.Itoa(len(list))
}

// lists makes lists of the objects whose keys are all numbers.
func lists(value any) any {
	fields, ok := value.(map[string]any)
	if !ok {
		return value
	}
	numbers := make([]int, 0, len(fields))
	for key := range fields {
		fields[key] = lists(fields[key])
		if n, err := strconv.Atoi(key); err == nil && strconv.Itoa(n) == key {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) != len(fields) {
		return fields
	}
	slices.Sort(numbers)
	items := make([]any, len(numbers))
	for i, n := range numbers {
		items[i] = fields[strconv.Itoa(n)]
	}
	return items
}

// unwrap reads a JSON object or list that was sent as text.
func unwrap(text string) any {
	trimmed := strings.TrimSpace(text)
	if !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
		return text
	}
	decoder := json.NewDecoder(strings.NewReader(trimmed))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil || decoder.More() {
		return text
	}
	return value
}
