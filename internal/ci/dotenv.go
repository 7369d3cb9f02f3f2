package ci

import (
	"regexp"
	"slices"
	"strings"
)

// What GitLab takes of a dotenv report, unless its administrator allows more
// (docs.gitlab.com, artifacts:reports:dotenv).
const (
	mostVariables = 20
	mostBytes     = 5 * 1024
)

// longest is how long one value may be, in bytes, so that it leaves room.
const longest = 1000

// Dotenv is one line NAME=value for every output that has a value, as GitLab's
// dotenv reports have them: GitLab takes what follows the first "=" as it
// stands, quotes and all, without white space around it. Line breaks become
// spaces. What is too long, or more than GitLab takes, is left out, and left
// names it.
//
// Later jobs get the variables expanded (ParseDotenvArtifactService says "raw:
// false"), first by GitLab, then by its runner. Of these "$$" is a "$" to the
// runner alone. For %NAME% there is no such way, so a value with it is left out.
//
// A shell must not read it: nothing is quoted.
func Dotenv(outputs []Output) (text string, left []string) {
	var b strings.Builder
	lines := 0
	oneLine := strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "$", "$$")
	for _, o := range outputs {
		value := strings.TrimSpace(oneLine.Replace(o.Value))
		if value == "" {
			continue
		}
		line := Variable(o.Name) + "=" + value + "\n"
		if lines == mostVariables || len(value) > longest || b.Len()+len(line) >= mostBytes || refers(value) {
			left = append(left, o.Name)
			continue
		}
		b.WriteString(line)
		lines++
	}
	return b.String(), left
}

// refers reports whether text names a variable between percent signs. What may
// be an escaped byte of an address, as in %C3%A9, names none.
func refers(text string) bool {
	between := strings.Split(text, "%")
	if len(between) < 3 {
		return false
	}
	name, escaped := regexp.MustCompile(`^[A-Za-z_]\w*$`), regexp.MustCompile(`^[A-Fa-f][0-9A-Fa-f]$`)
	return slices.ContainsFunc(between[1:len(between)-1], func(part string) bool {
		return name.MatchString(part) && !escaped.MatchString(part)
	})
}
