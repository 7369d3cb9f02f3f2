package ready

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// jsonPath leads to one value of a JSON document. A step is a member's name
// (string) or an element's index (int).
type jsonPath []any

// parseJSONPath reads "git.sha", ".builds[0].commit" or "[\"odd name\"]"; "."
// alone is the document itself.
func parseJSONPath(text string) (jsonPath, error) {
	path, rest := jsonPath{}, text
	if text == "." {
		return path, nil
	}
	if !strings.HasPrefix(text, ".") && !strings.HasPrefix(text, "[") {
		rest = "." + text
	}
	for rest != "" {
		step, after, ok := cutStep(rest)
		if !ok {
			return nil, fmt.Errorf("%q is no JSON path: want one such as git.sha, builds[0].commit or [\"git-sha\"]", text)
		}
		path, rest = append(path, step), after
	}
	return path, nil
}

// cutStep takes one step off a path.
func cutStep(text string) (step any, rest string, ok bool) {
	inner, dotted := strings.CutPrefix(text, ".")
	if strings.HasPrefix(inner, "[") {
		return cutBracket(inner[1:])
	}
	end := strings.IndexAny(inner, ".[")
	if end < 0 {
		end = len(inner)
	}
	name := inner[:end]
	return name, inner[end:], dotted && isPlainName(name)
}

// cutBracket takes what follows "[", an index or a quoted name, and the "]".
func cutBracket(text string) (step any, rest string, ok bool) {
	if quoted, err := strconv.QuotedPrefix(text); err == nil && quoted[0] == '"' {
		name, err := strconv.Unquote(quoted)
		rest, ok = strings.CutPrefix(text[len(quoted):], "]")
		return name, rest, err == nil && ok
	}
	digits, rest, ok := strings.Cut(text, "]")
	index, err := strconv.ParseUint(digits, 10, 31)
	return int(index), rest, ok && err == nil
}

func isPlainName(name string) bool {
	return name != "" && !strings.ContainsAny(name, `.[]"\`) && !strings.ContainsFunc(name, unprintable)
}

// String writes the path as parseJSONPath reads it.
func (p jsonPath) String() string {
	if len(p) == 0 {
		return "."
	}
	var b strings.Builder
	for _, step := range p {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		case string:
			if isPlainName(step) {
				b.WriteString("." + step)
			} else {
				b.WriteString(".[" + strconv.Quote(step) + "]")
			}
		}
	}
	return b.String()
}

// find returns the text of the value that the path leads to. Where there is
// none, it says what is there instead.
func (p jsonPath) find(document any) (value, instead string) {
	for i, step := range p {
		var ok bool
		switch step := step.(type) {
		case string:
			object, _ := document.(map[string]any)
			document, ok = object[step]
		case int:
			array, _ := document.([]any)
			if ok = step < len(array); ok {
				document = array[step]
			}
		}
		if !ok {
			return "", fmt.Sprintf("no %s", p[:i+1])
		}
	}
	switch value := document.(type) {
	case string:
		return value, ""
	case json.Number:
		return value.String(), ""
	case bool:
		return strconv.FormatBool(value), ""
	case nil:
		return "", fmt.Sprintf("null at %s", p)
	}
	return "", fmt.Sprintf("no text or number at %s", p)
}
