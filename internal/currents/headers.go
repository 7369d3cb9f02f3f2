package currents

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// mostHeaders is the longest text of a webhook's headers, in characters.
const mostHeaders = 4096

// Headers are a webhook's own headers. The API has them as an object written
// into a text, and gives them back in clear, the shared secret among them.
type Headers map[string]secret.String

// ParseHeaders reads the API's text. People write it by hand: what is no object
// is kept whole, under no name, so that one bad webhook does not hide the
// others.
func ParseHeaders(text string) Headers {
	if text == "" {
		return nil
	}
	var values map[string]any
	if json.Unmarshal([]byte(text), &values) != nil {
		return Headers{"": secret.New(text)}
	}
	h := make(Headers, len(values))
	for name, value := range values {
		plain, isText := value.(string)
		if !isText {
			spelled, _ := json.Marshal(value) // it was read from JSON
			plain = string(spelled)
		}
		h[name] = secret.New(plain)
	}
	return h
}

// Text is the headers as the API has them. The text is a secret.
func (h Headers) Text() string {
	plain := make(map[string]string, len(h))
	for name, value := range h {
		plain[name] = value.Reveal()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // an escape takes six of the characters that are allowed
	_ = e.Encode(plain)    // texts always encode
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// check returns what is wrong. No value is quoted.
func (h Headers) check() []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(h)) {
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			errs = append(errs, fmt.Errorf("header name %q: want letters, digits and dashes", name))
		case !httpguts.ValidHeaderFieldValue(h[name].Reveal()):
			errs = append(errs, fmt.Errorf("header %s: want a value without line ends and control characters", name))
		}
	}
	if n := utf8.RuneCountInString(h.Text()); n > mostHeaders {
		errs = append(errs, fmt.Errorf("headers take %d characters as JSON: want %d at most", n, mostHeaders))
	}
	return errs
}

// UnmarshalJSON implements [json.Unmarshaler].
func (h *Headers) UnmarshalJSON(text []byte) error {
	var inner string // null leaves it empty
	if json.Unmarshal(text, &inner) != nil {
		return fmt.Errorf("headers are no JSON text") // what they are is a secret
	}
	*h = ParseHeaders(inner)
	return nil
}
