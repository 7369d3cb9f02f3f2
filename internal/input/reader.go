package input

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// reader reads inputs one by one and collects the mistakes.
type reader struct {
	get   func(string) string
	specs map[string]Spec
	errs  []error
}

func newReader(get func(string) string) reader {
	r := reader{get: get, specs: map[string]Spec{}}
	for _, s := range Table() {
		r.specs[s.Name] = s
	}
	return r
}

func (r *reader) fail(name, value, want string) {
	if r.specs[name].Secret {
		value = ""
	}
	const most = 200
	if len(value) > most {
		value = value[:most] + "…"
	}
	r.errs = append(r.errs, &Error{Name: name, Value: value, Want: want})
}

// text returns an input under its own name or an alias. Values under several
// names have to agree.
func (r *reader) text(name string) string {
	spec := r.specs[name]
	value, from := strings.TrimSpace(r.get(name)), name
	for _, alias := range spec.Aliases {
		other := strings.TrimSpace(r.get(alias.Name))
		if other == "" {
			continue
		}
		other = r.withUnit(name, alias, other)
		switch {
		case value == "":
			value, from = other, alias.Name
		case !same(alias, value, other):
			r.fail(name, "", fmt.Sprintf("one value, but %s and %s have different ones; leave %s out", from, alias.Name, alias.Name))
		}
	}
	return value
}

// withUnit reads an alias whose unit is in its name.
func (r *reader) withUnit(name string, alias Alias, value string) string {
	if alias.Unit == "" {
		return value
	}
	if n, err := strconv.Atoi(value); err != nil || n < 1 {
		r.fail(name, value, fmt.Sprintf("a whole number of at least 1 in %s, such as 60", alias.Name))
		return ""
	}
	return value + alias.Unit
}

// same reports whether two ways to say an input say the same.
func same(alias Alias, a, b string) bool {
	if alias.Unit == "" {
		return a == b
	}
	x, errX := time.ParseDuration(a)
	y, errY := time.ParseDuration(b)
	return errX == nil && errY == nil && x == y
}

// line is text without line breaks and other control characters.
func (r *reader) line(name string) string {
	value := r.text(name)
	if strings.IndexFunc(value, unicode.IsControl) >= 0 {
		r.fail(name, value, "one line of text")
		return ""
	}
	return value
}

// word is an identifier: a line without white space.
func (r *reader) word(name string) string {
	value := r.line(name)
	if strings.IndexFunc(value, unicode.IsSpace) >= 0 {
		r.fail(name, value, "an identifier without spaces")
		return ""
	}
	return value
}

func (r *reader) url(name string) string {
	value := r.line(name)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		r.fail(name, value, "an absolute URL such as https://shop.example.com")
	case u.User != nil:
		r.fail(name, "", "a URL without user name and password; give such things in request-headers")
	default:
		return value
	}
	return ""
}

func (r *reader) state(name string) deploy.State {
	value := r.text(name)
	if value == "" {
		return ""
	}
	state, err := deploy.ParseState(value)
	if err != nil {
		r.fail(name, value, "success, failure (error, failed), cancelled (inactive, skipped) or in_progress (queued, pending, waiting)")
	}
	return state
}

func (r *reader) states(name string, otherwise deploy.State) []deploy.State {
	var states []deploy.State
	for _, word := range list(r.text(name)) {
		state, err := deploy.ParseState(word)
		if err != nil {
			r.fail(name, word, "states out of success, in_progress, cancelled and error")
			continue
		}
		if !slices.Contains(states, state) {
			states = append(states, state)
		}
	}
	if states == nil {
		return []deploy.State{otherwise}
	}
	return states
}

func (r *reader) ref(name string, parse func(string) (deploy.Ref, error)) deploy.Ref {
	value := r.line(name)
	if value == "" {
		return deploy.Ref{}
	}
	ref, err := parse(value)
	switch {
	case err == nil:
		return ref
	case name == "commit-sha":
		r.fail(name, value, "7 to 64 hexadecimal digits, such as github.event.pull_request.head.sha; quote it in YAML")
	default:
		r.fail(name, value, "the name of a branch, such as main")
	}
	return deploy.Ref{}
}

func (r *reader) globs(name string) []deploy.Glob {
	var globs []deploy.Glob
	for _, text := range list(r.text(name)) {
		glob, err := deploy.ParseGlob(text)
		if err != nil {
			r.fail(name, text, "a pattern such as production, preview* or qa-[0-9]; a [ needs its ]")
			continue
		}
		globs = append(globs, glob)
	}
	return globs
}

// glob is one pattern; without a value and a default it is nil.
func (r *reader) glob(name, otherwise string) *deploy.Glob {
	value := r.line(name)
	if value == "" {
		value = otherwise
	}
	if value == "" {
		return nil
	}
	glob, err := deploy.ParseGlob(value)
	if err != nil {
		r.fail(name, value, "a pattern such as netlify/*/deploy-preview; a [ needs its ]")
	}
	return &glob
}

func (r *reader) projects(name string) []Project {
	var projects []Project
	for line := range strings.Lines(r.text(name)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndex(line, ":") // a name may hold a colon, an identifier does not
		if at < 0 || strings.TrimSpace(line[at+1:]) == "" || strings.ContainsFunc(strings.TrimSpace(line[at+1:]), unicode.IsSpace) {
			r.fail(name, line, "lines of the form pattern: project-id, such as preview*web: shop-web-1756145574")
			continue
		}
		glob, err := deploy.ParseGlob(line[:at])
		if err != nil {
			r.fail(name, line, "a pattern before the colon, such as preview*web; a [ needs its ]")
			continue
		}
		projects = append(projects, Project{Environment: glob, ID: strings.TrimSpace(line[at+1:])})
	}
	return projects
}

// choice is one of words; the first is the default.
func (r *reader) choice(name string, words ...string) string {
	value := r.text(name)
	switch {
	case value == "":
		return words[0]
	case !slices.Contains(words, strings.ToLower(value)):
		r.fail(name, value, strings.Join(words, " or "))
		return words[0]
	}
	return strings.ToLower(value)
}

// flag takes what YAML 1.2 and GitHub's own toolkit take for a boolean.
func (r *reader) flag(name string, otherwise bool) bool {
	switch value := r.text(name); value {
	case "":
		return otherwise
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	default:
		r.fail(name, value, "true or false")
		return otherwise
	}
}

// flagOrPath is true, false, or a path, which means true.
func (r *reader) flagOrPath(name string) (on bool, path string) {
	value := r.line(name)
	if !strings.HasPrefix(value, "/") {
		switch value {
		case "", "true", "True", "TRUE", "false", "False", "FALSE":
			return r.flag(name, false), ""
		}
		r.fail(name, value, "true, false or a path such as /healthz")
		return false, ""
	}
	if u, err := url.Parse(value); err != nil || u.Host != "" || u.Fragment != "" {
		r.fail(name, value, "a path such as /healthz")
		return false, ""
	}
	return true, value
}

func (r *reader) number(name string, otherwise, least, most int) int {
	value := r.text(name)
	if value == "" {
		return otherwise
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		r.fail(name, value, fmt.Sprintf("a whole number from %d to %d", least, most))
		return otherwise
	}
	return n
}

// longest is the longest job that GitHub allows, on a self-hosted runner.
const longest = 5 * 24 * time.Hour

func (r *reader) duration(name string, otherwise time.Duration) time.Duration {
	value := r.text(name)
	if value == "" {
		return otherwise
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < time.Second || d > longest {
		r.fail(name, value, "a duration such as 90s or 10m, of at least 1s")
		return otherwise
	}
	return d
}

// outcomes is a list of outcomes that can be red; "invalid" is always one.
func (r *reader) outcomes(name string) []deploy.Outcome {
	red := []deploy.Outcome{deploy.Invalid}
	words := list(r.text(name))
	if len(words) == 0 {
		for _, o := range deploy.Outcomes() {
			if o.ExitCode() != 0 && o != deploy.Invalid {
				red = append(red, o)
			}
		}
		return red
	}
	for _, word := range words {
		o := deploy.Outcome(strings.ToLower(word))
		switch {
		case !slices.Contains(deploy.Outcomes(), o) || o == deploy.Triggered || o == deploy.Passed || o == deploy.DryRun:
			r.fail(name, word, "outcomes out of failed, rejected, unreachable, unknown, not-ready, timed-out, cancelled and skipped (invalid always fails)")
		case !slices.Contains(red, o):
			red = append(red, o)
		}
	}
	return red
}

// list splits at commas and line breaks; names may hold spaces.
func list(text string) []string {
	var items []string
	for item := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ',' || c == '\n' || c == '\r' }) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
