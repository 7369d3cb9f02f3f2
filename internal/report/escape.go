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
	return "<code>" + references(text) + "</code>"
}

// prose shows text from anywhere as a sentence, in a paragraph, a list item or
// a table cell. What has a meaning in GitHub's Markdown becomes a character
// reference; the rest stays readable.
func prose(text string) string {
	text = clip(text)
	runes := []rune(text)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	numbered := len(text) - len(strings.TrimLeft(text, "0123456789")) // where "1." or "1)" would begin a list
	var out strings.Builder
	for i, c := range runes {
		if active(at(i-1), c, at(i+1)) || i == 0 && strings.ContainsRune("-+=", c) || i > 0 && i == numbered && (c == '.' || c == ')') {
			out.WriteString(reference(c))
			continue
		}
		out.WriteRune(c)
	}
	return out.String()
}

// active reports whether c has a meaning between two other characters.
func active(before, c, after rune) bool {
	switch c {
	case '_': // no emphasis inside a word
		return !unicode.IsLetter(before) && !unicode.IsDigit(before) || !unicode.IsLetter(after) && !unicode.IsDigit(after)
	case ':': // https://, mailto:, and :emoji:
		return after != ' '
	case '.': // www.
		return unicode.ToLower(before) == 'w'
	}
	return strings.ContainsRune("\\`*[]<>#|~&@$!", c)
}

// references writes every character but letters, digits and spaces as a
// character reference.
func references(text string) string {
	var out strings.Builder
	for _, c := range text {
		if c == ' ' || unicode.IsLetter(c) || unicode.IsDigit(c) {
			out.WriteRune(c)
			continue
		}
		out.WriteString(reference(c))
	}
	return out.String()
}

func reference(c rune) string {
	if c == '@' { // GitHub looks for @names in the rendered text: a word joiner parts them
		return "&#64;\u2060"
	}
	return fmt.Sprintf("&#%d;", c)
}

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
