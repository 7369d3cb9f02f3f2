package source

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object that is read softly: what is absent, null or of
// another type than expected is zero.
type object map[string]any

// object returns the object at a path of keys.
func (o object) object(path ...string) object {
	for _, key := range path {
		switch next := o[key].(type) {
		case object:
			o = next
		case map[string]any:
			o = next
		default:
			return nil
		}
	}
	return o
}

// text returns the text at a path of keys. Numbers and booleans are text too.
func (o object) text(path ...string) string {
	parent, key := o.object(path[:len(path)-1]...), path[len(path)-1]
	return scalar(parent[key])
}

func scalar(value any) string {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// whole returns the whole number at a path, and whether there is one.
func (o object) whole(path ...string) (int, bool) {
	n, err := strconv.Atoi(o.text(path...))
	return n, err == nil
}

// count returns a number that cannot be negative.
func (o object) count(path ...string) int {
	n, _ := o.whole(path...)
	return max(n, 0)
}

// time returns a time in RFC 3339, as UTC.
func (o object) time(path ...string) time.Time {
	t, err := time.Parse(time.RFC3339, o.text(path...))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// list returns the list at a key.
func (o object) list(key string) []any {
	items, _ := o[key].([]any)
	return items
}

// objects returns the objects in the list at a key.
func (o object) objects(key string) []object {
	var found []object
	for _, item := range o.list(key) {
		if one, ok := item.(map[string]any); ok {
			found = append(found, one)
		}
	}
	return found
}

// texts returns the texts in the list at a key.
func (o object) texts(key string) []string {
	var found []string
	for _, item := range o.list(key) {
		if text := scalar(item); text != "" {
			found = append(found, text)
		}
	}
	return found
}
