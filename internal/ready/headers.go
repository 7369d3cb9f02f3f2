package ready

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// Headers are request headers whose values are secrets. The zero Headers hold
// none.
type Headers struct {
	fields []field
	empty  []string
}

type field struct {
	name  string
	value secret.String
}

// ParseHeaders reads lines "Name: value". A header without a value is left out
// and remembered, since the expression of a missing secret is empty. All
// mistakes are reported, none with the line's value.
func ParseHeaders(text string) (Headers, error) {
	var (
		headers Headers
		errs    []error
		number  int
	)
	for line := range strings.SplitSeq(text, "\n") {
		number++
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := headers.add(line); err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", number, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Headers{}, err
	}
	return headers, nil
}

func (h *Headers) add(line string) error {
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case !ok:
		return errors.New(`want "Name: value"`)
	case !httpguts.ValidHeaderFieldName(name):
		return errors.New(`the name before the colon is no header name: want letters, digits and dashes, as in "X-Api-Key: value"`)
	case ofTheConnection(name):
		return fmt.Errorf("%s cannot be given: it belongs to the connection, not to the application", name)
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("the value of %s holds a control character: want one line of text", name)
	case value == "":
		h.empty = append(h.empty, name)
		return nil
	}
	h.fields = append(h.fields, field{name, secret.New(value)})
	return nil
}

// ofTheConnection knows the headers that the HTTP client itself must set: the
// hop-by-hop ones (RFC 9110 section 7.6.1), those that frame or address the
// message, and Accept-Encoding, without which bodies are decoded for us.
func ofTheConnection(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Host", "Content-Length", "Accept-Encoding":
		return true
	}
	return false
}

// IsZero reports whether there is no header to send.
func (h Headers) IsZero() bool { return len(h.fields) == 0 }

// Names returns the names of the headers, for people to read.
func (h Headers) Names() []string {
	names := make([]string, len(h.fields))
	for i, f := range h.fields {
		names[i] = f.name
	}
	return names
}

// Empty returns the names that were given without a value: most likely those
// of secrets that this run does not have.
func (h Headers) Empty() []string { return h.empty }

// leastSecret is the length from which on a value is hidden. Hiding "true" or
// "1" would hide the same words elsewhere, and protects nothing.
const leastSecret = 6

// Secrets returns the values that must not be seen, the longest first.
func (h Headers) Secrets() []secret.String {
	var values []secret.String
	for _, f := range h.fields {
		if len(f.value.Reveal()) >= leastSecret {
			values = append(values, f.value)
		}
		if _, credential, ok := strings.Cut(f.value.Reveal(), " "); ok && len(credential) >= leastSecret {
			values = append(values, secret.New(credential)) // "Basic dXNlcjpwYXNz"
		}
	}
	slices.SortStableFunc(values, func(a, b secret.String) int {
		return cmp.Compare(len(b.Reveal()), len(a.Reveal()))
	})
	return values
}

// set puts the headers on a request.
func (h Headers) set(to http.Header) {
	for _, f := range h.fields {
		to.Del(f.name)
	}
	for _, f := range h.fields {
		to.Add(f.name, f.value.Reveal())
	}
}

// hide replaces every secret value in text, since pages echo what they get.
func (h Headers) hide(text string) string {
	for _, value := range h.Secrets() {
		text = strings.ReplaceAll(text, value.Reveal(), "***")
	}
	return text
}
