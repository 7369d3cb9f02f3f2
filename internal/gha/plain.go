package gha

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Plain returns text in which no line is a command to a runner. GitHub's
// runner obeys a line that begins with "::" after any white space, and "##["
// anywhere in a line (actions/runner, ActionCommand.cs); it ends lines at \n,
// \r and \r\n. Azure Pipelines obeys "##vso[" and "##[", TeamCity
// "##teamcity["; Buildkite folds the log at lines that begin with "---", "+++",
// "~~~" or "^^^". Control characters are replaced: they colour or overwrite a
// terminal, and GitLab's sections, Travis' folds and Jenkins' notes need them.
func Plain(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, "\ufffd"))
	text = strings.Map(visible, text)
	text = regexp.MustCompile(`##(\w*)\[`).ReplaceAllString(text, "## $1[")
	var out strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		if looksLikeCommand(line) {
			out.WriteString("| ")
		}
		out.WriteString(line)
	}
	return out.String()
}

func visible(c rune) rune {
	switch {
	case c == '\n' || c == '\t':
		return c
	case c == '\u0085' || c == '\u2028' || c == '\u2029':
		return ' '
	case unicode.IsControl(c):
		return '\ufffd'
	case unicode.Is(unicode.Bidi_Control, c):
		return '\ufffd' // would show another text than the one that is there
	}
	return c
}

// looksLikeCommand is broader than any runner: it skips everything that cannot
// be seen, not white space alone.
func looksLikeCommand(line string) bool {
	rest := strings.TrimLeftFunc(line, func(c rune) bool {
		return unicode.IsSpace(c) || !unicode.IsGraphic(c) || unicode.Is(unicode.Mn, c)
	})
	return slices.ContainsFunc([]string{"::", "---", "+++", "~~~", "^^^"}, func(mark string) bool {
		return strings.HasPrefix(rest, mark)
	})
}
