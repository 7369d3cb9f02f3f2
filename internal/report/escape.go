package report

import (
	"fmt"
	"strings"
	"unicode"
)

// code shows text from anywhere as code that stays on one line and inside one
// table cell. Text that Markdown leaves alone in a code span is written as
// one; anything else becomes an HTML element of character references, which
// have no meaning in Markdown (CommonMark 0.31, section 2.5). Inside either,
// GitHub links no @name and no #number.
func code(text string) string {
	text = clip(text)
	switch {
	case text == "":
		return ""
	case !strings.ContainsAny(text, "`|\\") && strings.TrimSpace(text) == text:
		return "`" + text + "`"
	}
	return "<code>" + references(text, func(c rune) bool { return !isWord(c) }) + "</code>"
}

// prose shows text from anywhere as a sentence, in a paragraph, a list item or
// a table cell.
func prose(text string) string {
	text = clip(text)
	if text == "" {
		return ""
	}
	start := ""
	if strings.ContainsRune("-+0123456789", rune(text[0])) { // would begin a list
		start, text = fmt.Sprintf("&#%d;", text[0]), text[1:]
	}
	return start + references(text, func(c rune) bool { return strings.ContainsRune("\\`*_{}[]<>#|~&!@:.$^=\"", c) })
}

// references writes the characters that match as numeric character references.
func references(text string, match func(rune) bool) string {
	var out strings.Builder
	for i, c := range text {
		switch {
		case c == '@':
			out.WriteString("&#64;\u2060") // a word joiner: GitHub looks for @names in the rendered text
		case c == '.' && !nextToWord(text, i):
			out.WriteRune(c) // the end of a sentence, not a host's name
		case match(c):
			fmt.Fprintf(&out, "&#%d;", c)
		default:
			out.WriteRune(c)
		}
	}
	return out.String()
}

// nextToWord reports whether the character at i is followed by one of a word,
// as in www.example.com.
func nextToWord(text string, i int) bool {
	for _, c := range text[i+1:] {
		return isWord(c)
	}
	return false
}

func isWord(c rune) bool { return c == ' ' || unicode.IsLetter(c) || unicode.IsDigit(c) }

// longest is how many characters of a foreign text people are shown.
const longest = 500

// clip puts text on one line, without what cannot be seen, and shortens it.
func clip(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsGraphic(c) || c == unicode.ReplacementChar:
			return -1
		}
		return c
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

// link shows a web address that can be opened. Anything but http and https is
// shown as code.
func link(address string) string {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") ||
		strings.ContainsFunc(address, func(c rune) bool {
			return c <= ' ' || c > '~' || strings.ContainsRune("<>\\|`\"()[]", c)
		}) {
		return code(address)
	}
	return "<" + address + ">"
}
