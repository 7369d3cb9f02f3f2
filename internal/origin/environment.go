package origin

import "strings"

// Reduce turns a host's name of an environment into the word that the service
// knows, where the name says so, and otherwise lower-cases it. Vercel writes
// "Preview – web", Railway "shop / production", Cloudflare "shop (Preview)".
func Reduce(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, part := range parts(name) {
		switch part = strings.TrimSpace(part); part {
		case "production", "preview", "staging":
			return part
		}
	}
	return name
}

// parts returns the outer parts of a name, the more telling first: of a path
// its end, of words with dashes or parentheses their beginning.
func parts(name string) []string {
	path := strings.Split(name, "/")
	words := strings.FieldsFunc(lines(name), func(r rune) bool { return r == '\n' })
	if len(words) == 0 {
		return nil
	}
	return []string{path[len(path)-1], path[0], words[0], words[len(words)-1]}
}

// lines breaks a name at parentheses and at dashes between spaces. Hosts write
// dashes of every width.
func lines(name string) string {
	return strings.NewReplacer(
		" - ", "\n", " – ", "\n", " — ", "\n", " ‐ ", "\n", " ‑ ", "\n", " − ", "\n",
		"(", "\n", ")", "\n",
	).Replace(name)
}
