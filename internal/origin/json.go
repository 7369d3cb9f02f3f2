package origin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// node is a place in a JSON document: what stands there, if anything, and how
// one gets there. Events are walked, not decoded into structs, since
// encoding/json takes "State" for "state" and gives up at the first field of
// an unexpected type. Of a key that stands twice the last counts, as it does
// for the runner.
type node struct {
	path  string
	value any
	there bool
}

// parse reads an event, which must be one JSON object.
func parse(payload []byte) (node, error) {
	payload = bytes.TrimSpace(bytes.TrimPrefix(payload, []byte("\xef\xbb\xbf")))
	if len(payload) == 0 {
		return node{}, errors.New("it is empty or could not be read")
	}
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return node{}, errors.New("it is not JSON")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return node{}, errors.New("there is more after the JSON object")
	}
	if _, ok := value.(map[string]any); !ok {
		return node{}, fmt.Errorf("it is %s, want a JSON object", kind(value))
	}
	return node{value: value, there: true}, nil
}

// at walks down the dotted path of keys.
func (n node) at(path string) node {
	for key := range strings.SplitSeq(path, ".") {
		object, _ := n.value.(map[string]any)
		value, there := object[key]
		n = node{path: strings.TrimPrefix(n.path+"."+key, "."), value: value, there: there}
	}
	return n
}

// items returns the elements of an array, and none of anything else.
func (n node) items() []node {
	array, _ := n.value.([]any)
	nodes := make([]node, 0, len(array))
	for i, value := range array {
		nodes = append(nodes, node{path: fmt.Sprintf("%s[%d]", n.path, i), value: value, there: true})
	}
	return nodes
}

// embedded returns the document inside a string, as deployment.payload has it
// sometimes, and otherwise the node itself.
func (n node) embedded() node {
	s, _ := n.value.(string)
	inner, err := parse([]byte(s))
	if err != nil {
		return n
	}
	inner.path = n.path
	return inner
}

func (n node) isObject() bool { _, ok := n.value.(map[string]any); return ok }

func (n node) isNull() bool { return n.there && n.value == nil }

func (n node) isTrue() bool { return n.value == true }

// longest is more than any field needs, in bytes. It keeps reasons, which
// quote what they refuse, fit to be read.
const longest = 4096

// text is the claim of a place that should hold a text.
func (n node) text() claim {
	s, ok := n.value.(string)
	switch {
	case ok && strings.TrimSpace(s) == "":
		return nothing(n.path + " is empty")
	case len(s) > longest:
		return nothing(fmt.Sprintf("%s is longer than %d bytes", n.path, longest))
	case ok:
		return claim{from: n.path, value: s}
	}
	return n.gap("a text")
}

// number is the claim of a place that should hold a number.
func (n node) number() claim {
	if number, ok := n.value.(json.Number); ok {
		return claim{from: n.path, value: number.String()}
	}
	return n.gap("a number")
}

func (n node) gap(want string) claim {
	switch {
	case !n.there:
		return nothing(n.path + " is not in the event")
	case n.value == nil:
		return nothing(n.path + " is null")
	}
	return nothing(fmt.Sprintf("%s is %s, want %s", n.path, kind(n.value), want))
}

// id reads an identifier exactly, beyond the 53 bits of a float64, or 0.
func (n node) id() int64 {
	id, err := strconv.ParseInt(n.number().value, 10, 64)
	if err != nil {
		return 0
	}
	return id
}

func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "a truth value"
	case []any:
		return "a list"
	}
	return "an object"
}
