package hooks

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/relay/source"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// stars stand for a secret.
const stars = "***"

// differs says what is to change from one webhook to another. Bitrise does not
// tell secrets, and may hide the values of headers: there the revision in the
// address tells of them.
func differs(from, to Webhook, service string) []Difference {
	var found []Difference
	if from.URL != to.URL {
		found = append(found, Difference{"url", from.URL, to.URL})
	}
	if a, b := words(from.Events), words(to.Events); a != b {
		found = append(found, Difference{"events", a, b})
	}
	if from.Label != to.Label {
		found = append(found, Difference{"label", from.Label, to.Label})
	}
	told := service == source.Currents
	found = append(found, differentHeaders(canonical(from.Headers), canonical(to.Headers), func(was, is secret.String) bool {
		return told && was.Reveal() != is.Reveal() || !told && from.URL != to.URL
	})...)
	if from.ID == "" && !to.Secret.IsZero() {
		found = append(found, Difference{"secret", "", stars})
	} else if from.URL != to.URL && !to.Secret.IsZero() {
		found = append(found, Difference{"secret", stars, stars})
	}
	return found
}

// words is a list in an order of its own.
func words(list []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(list))), ", ")
}

// canonical spells the names of headers in one way.
func canonical(headers map[string]secret.String) map[string]secret.String {
	spelled := make(map[string]secret.String, len(headers))
	for name, value := range headers {
		spelled[http.CanonicalHeaderKey(name)] = value
	}
	return spelled
}

// differentHeaders compares headers, whose values changed may tell apart.
func differentHeaders(from, to map[string]secret.String, changed func(was, is secret.String) bool) []Difference {
	var found []Difference
	for name, value := range to {
		was, there := from[name]
		switch {
		case !there:
			found = append(found, Difference{"header " + name, "", stars})
		case changed(was, value):
			found = append(found, Difference{"header " + name, stars, stars})
		}
	}
	for name := range from {
		if _, stays := to[name]; !stays {
			found = append(found, Difference{"header " + cmp.Or(name, "(not readable)"), stars, ""})
		}
	}
	slices.SortFunc(found, func(a, b Difference) int { return cmp.Compare(a.Field, b.Field) })
	return found
}
