package deploy

import (
	"fmt"
	"path"
	"strings"
)

// Glob is a pattern over names in which * matches anything, slashes too, ? one
// character and [a-z] a set. Case, and the kind of dash (Vercel writes
// "Preview – web" with an en dash), make no difference.
type Glob struct{ text, folded string }

// ParseGlob reads a pattern. A pattern that can never be read is an error.
func ParseGlob(text string) (Glob, error) {
	folded := fold(text)
	if strings.TrimSpace(text) == "" {
		return Glob{}, fmt.Errorf("empty pattern: want a name such as production or preview*")
	}
	if _, err := path.Match(folded, ""); err != nil {
		return Glob{}, fmt.Errorf("pattern %q has an open [ or a trailing \\: want a name such as production, preview* or qa-[0-9]", text)
	}
	return Glob{text: text, folded: folded}, nil
}

// String returns the pattern as it was written.
func (g Glob) String() string { return g.text }

// Match reports whether the pattern covers the whole name.
func (g Glob) Match(name string) bool {
	ok, err := path.Match(g.folded, fold(name))
	return err == nil && ok
}

// MatchAny reports whether one of the patterns covers the name.
func MatchAny(globs []Glob, name string) bool {
	for _, g := range globs {
		if g.Match(name) {
			return true
		}
	}
	return false
}

// fold makes names comparable. The slash is moved out of the way, since
// path.Match would not let * cross it.
func fold(text string) string {
	return strings.NewReplacer(
		"/", "\x00",
		"\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2015", "-", "\u2212", "-",
		"\u00a0", " ",
	).Replace(strings.ToLower(strings.TrimSpace(text)))
}
