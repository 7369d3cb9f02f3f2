package rows

import "strings"

// Text is text that every database takes: Postgres refuses what is not UTF-8,
// and a zero byte. What a service answers may have both.
func Text(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}
