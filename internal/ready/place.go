package ready

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// VersionPlace is where in an answer the version stands. The zero VersionPlace
// is anywhere in the body.
type VersionPlace struct {
	header string
	path   jsonPath // nil where the place is not JSON
}

// ParseVersionFrom reads "header:NAME", "json:PATH" or "body".
func ParseVersionFrom(text string) (VersionPlace, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch {
	case text == "body":
		return VersionPlace{}, nil
	case kind == "header" && httpguts.ValidHeaderFieldName(rest):
		return VersionPlace{header: http.CanonicalHeaderKey(rest)}, nil
	case kind == "json":
		path, err := parseJSONPath(rest)
		return VersionPlace{path: path}, err
	}
	return VersionPlace{}, fmt.Errorf("%q is no place: want header:NAME such as header:X-App-Version, json:PATH such as json:git.sha, or body", text)
}

// String writes the place as [ParseVersionFrom] reads it.
func (p VersionPlace) String() string {
	switch {
	case p.header != "":
		return "header:" + p.header
	case p.path != nil:
		return "json:" + p.path.String()
	}
	return "body"
}

// finding is what an answer shows of its version.
type finding struct {
	wanted bool
	// shown is the text found, and where says where it stands; where alone is
	// set when nothing was found.
	shown, where string
}

// look searches an answer for a version.
func (p VersionPlace) look(header http.Header, body []byte, want VersionWant) finding {
	switch {
	case p.header != "":
		return p.lookInHeader(header, want)
	case p.path != nil:
		return p.lookInJSON(body, want)
	}
	return finding{wanted: want.in(string(body)), shown: string(body), where: "the body"}
}

func (p VersionPlace) lookInHeader(header http.Header, want VersionWant) finding {
	values := header.Values(p.header)
	if len(values) == 0 {
		return finding{where: "no header " + p.header}
	}
	value := strings.Join(values, ", ")
	return finding{wanted: want.is(value), shown: value, where: "header " + p.header}
}

func (p VersionPlace) lookInJSON(body []byte, want VersionWant) finding {
	var document any
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	decoder.UseNumber()
	if decoder.Decode(&document) != nil {
		return finding{shown: string(body), where: "no JSON"}
	}
	value, instead := p.path.find(document)
	if instead != "" {
		return finding{shown: string(body), where: instead}
	}
	return finding{wanted: want.is(value), shown: value, where: p.path.String()}
}
