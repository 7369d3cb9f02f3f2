package deploy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence makes an error's text, which begins with a small letter and has no
// full stop, a sentence of an [Ending].
func Sentence(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
