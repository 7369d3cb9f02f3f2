package ci

import "strings"

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
// A shell must not read it: nothing is quoted.
func Dotenv(outputs []Output) (text string, left []string) {
	var b strings.Builder
	lines := 0
	for _, o := range outputs {
		value := strings.TrimSpace(strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(o.Value))
		if value == "" {
			continue
		}
		line := Variable(o.Name) + "=" + value + "\n"
		if lines == mostVariables || len(value) > longest || b.Len()+len(line) >= mostBytes {
			left = append(left, o.Name)
			continue
		}
		b.WriteString(line)
		lines++
	}
	return b.String(), left
}
