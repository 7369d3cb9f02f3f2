package source

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
)

// redact returns a copy without private values: the ones under a private key,
// every other place where a private token or address is repeated, every e-mail
// address, and passwords in URLs.
func redact(o object) object {
	var known []string
	collect(map[string]any(o), false, &known)
	clean, _ := scrub(map[string]any(o), replacer(known)).(map[string]any)
	return clean
}

// credential reports whether the values under this key are tokens or personal
// addresses.
func credential(key string) bool {
	key = strings.TrimSuffix(foldKey(key), "s")
	for _, end := range []string{
		"email", "phone", "phonenumber", "token", "password", "passwd", "passphrase", "secret", "credential",
		"apikey", "secretkey", "privatekey", "accesskey", "authorization", "bearer", "jwt", "cookie",
	} {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return key == "auth"
}

// mentionsCredential reports whether a key speaks of a token or the like. What
// is under it is replaced there; elsewhere the same text may be innocent.
func mentionsCredential(key string) bool {
	key = foldKey(key)
	for _, word := range []string{"token", "secret", "password"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// namesCredential reports whether an object is a pair, of a name and a value,
// whose name is a credential's.
func namesCredential(pair map[string]any) bool {
	for _, key := range []string{"name", "title", "key", "label"} {
		if name, ok := pair[key].(string); ok && (credential(name) || mentionsCredential(name)) {
			return true
		}
	}
	return false
}

// recording reports whether the values under this key are what somebody's browser
// recorded.
func recording(key string) bool {
	switch foldKey(key) {
	case "consolelog", "consolelogs", "networklog", "networklogs", "customeventlog", "actionlog", "activitylogs":
		return true
	}
	return false
}

// foldKey makes all ways to write a key one. It is called for every key of every
// event.
func foldKey(key string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}, key)
}

// A credential is looked for elsewhere too if its length is in these bounds: a
// shorter text is found in too many innocent words.
const leastCredential, mostCredential = 6, 512

// collect gathers the texts under the keys of credentials.
func collect(value any, found bool, known *[]string) {
	switch v := value.(type) {
	case map[string]any:
		pair := namesCredential(v)
		for key, item := range v {
			collect(item, found || credential(key) || pair && key == "value", known)
		}
	case []any:
		for _, item := range v {
			collect(item, found, known)
		}
	case string:
		if found && leastCredential <= len(v) && len(v) <= mostCredential {
			*known = append(*known, v)
		}
	}
}

// replacer replaces every known text, the longest first.
func replacer(known []string) *strings.Replacer {
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(known))
	for _, text := range known {
		pairs = append(pairs, text, stars)
	}
	return strings.NewReplacer(pairs...)
}

func scrub(value any, known *strings.Replacer) any {
	switch v := value.(type) {
	case map[string]any:
		clean := make(map[string]any, len(v))
		pair := namesCredential(v)
		for key, item := range v {
			private := credential(key) || mentionsCredential(key) || recording(key) || pair && key == "value"
			if private && item != nil {
				item = stars
			}
			clean[scrubText(key, known)] = scrub(item, known)
		}
		return clean
	case []any:
		clean := make([]any, len(v))
		for i, item := range v {
			clean[i] = scrub(item, known)
		}
		return clean
	case string:
		return scrubText(v, known)
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return v.String() // too large for whoever reads it as a number
		}
	}
	return value
}

func scrubText(text string, known *strings.Replacer) string {
	return maskAddresses(known.Replace(text))
}

// maskAddresses replaces e-mail addresses, and user names and passwords in
// URLs. The git@ of an SSH remote stays.
func maskAddresses(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '@')
		if at < 0 {
			return b.String() + text
		}
		start := strings.LastIndexFunc(text[:at], delimits) + 1
		user := text[start:at]
		if user != "" && user != "git" && (domain(text[at+1:]) || strings.HasSuffix(text[:start], "//")) {
			b.WriteString(text[:start] + stars)
		} else {
			b.WriteString(text[:at])
		}
		b.WriteByte('@')
		text = text[at+1:]
	}
}

// delimits reports whether a rune ends what can stand before the @ of an
// address. Colons do not, so that a password goes with its user.
func delimits(r rune) bool {
	return r <= ' ' || strings.ContainsRune("/<>()[]{}\"'`,;|\\", r) || r == '\u00a0'
}

// domain reports whether text begins with a host name.
func domain(text string) bool {
	end := strings.IndexFunc(text, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r > 127)
	})
	if end < 0 {
		end = len(text)
	}
	host := strings.TrimRight(text[:end], ".-")
	dot := strings.LastIndexByte(host, '.')
	return dot > 0 && strings.IndexFunc(host[dot+1:], func(r rune) bool { return '0' <= r && r <= '9' }) < 0
}

// RedactText returns what another side said without what is private in it: the
// private values of a JSON text, and of any other the e-mail addresses and the
// user names in URLs.
func RedactText(text []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil || decoder.More() {
		return scrubText(string(text), strings.NewReplacer())
	}
	clean, err := json.Marshal(redact(object{"": value})[""])
	if err != nil {
		return stars
	}
	return string(clean)
}
