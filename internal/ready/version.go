package ready

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// Version is how an application proves what it serves. The zero Version asks
// for no proof.
type Version struct {
	Want VersionWant
	From VersionPlace
	// At is where the version is shown; the zero Address is the polled page.
	At Address
}

// VersionWant is the version that must be shown. The zero VersionWant wants
// none.
type VersionWant struct {
	commit  string // a hash, or "commit" until the deployment's is known
	text    string
	pattern *regexp.Regexp
}

const deployedCommit = "commit"

// ParseVersion reads "commit" (the deployed commit), "/…/" (an RE2 regular
// expression) or the version itself. A whole commit hash is taken as a commit,
// so that an application may show it abbreviated.
func ParseVersion(text string) (VersionWant, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return VersionWant{}, errors.New("no version: want commit, a version such as 1.4.2, or a pattern such as /^v1\\./")
	case strings.ContainsFunc(text, unicode.IsControl):
		return VersionWant{}, fmt.Errorf("%q holds a control character: want one line of text", text)
	case text == deployedCommit:
		return VersionWant{commit: deployedCommit}, nil
	case deploy.IsFullSHA(text):
		return VersionWant{commit: strings.ToLower(text)}, nil
	case len(text) >= 2 && strings.HasPrefix(text, "/") && strings.HasSuffix(text, "/"):
		return parsePattern(text)
	}
	if !strings.ContainsFunc(text, isAlphanumeric) {
		return VersionWant{}, fmt.Errorf("%q has neither letter nor digit: want commit, a version such as 1.4.2, or a /pattern/", text)
	}
	return VersionWant{text: text}, nil
}

func parsePattern(text string) (VersionWant, error) {
	inner := text[1 : len(text)-1]
	pattern, err := regexp.Compile(inner)
	if err != nil {
		return VersionWant{}, fmt.Errorf("pattern %q: %w: want RE2 syntax, as in /^v1\\.[0-9]+$/", text, err)
	}
	if inner == "" || pattern.MatchString("") {
		return VersionWant{}, fmt.Errorf("pattern %q matches every version, even none: want one that tells versions apart", text)
	}
	return VersionWant{pattern: pattern}, nil
}

// IsZero reports whether no version is wanted.
func (w VersionWant) IsZero() bool { return w == VersionWant{} }

// String says what is wanted.
func (w VersionWant) String() string {
	switch {
	case w.commit == deployedCommit:
		return "the deployed commit"
	case w.commit != "":
		return "commit " + w.commit
	case w.pattern != nil:
		return "/" + w.pattern.String() + "/"
	}
	return strconv.Quote(w.text)
}

// of completes a want for the deployed commit.
func (w VersionWant) of(deployed deploy.Ref) (VersionWant, error) {
	if w.commit != deployedCommit {
		return w, nil
	}
	if deployed.Commit() == "" {
		return VersionWant{}, errors.New("expect-version is commit, but no commit of this deployment is known: give commit-sha, or expect a version or /pattern/")
	}
	return VersionWant{commit: deployed.Commit()}, nil
}

// is reports whether a value on its own, such as a header's, is the version.
func (w VersionWant) is(value string) bool {
	if w.text != "" {
		return strings.TrimSpace(value) == w.text
	}
	return w.in(value)
}

// in reports whether the version stands somewhere in a longer text.
func (w VersionWant) in(text string) bool {
	switch {
	case w.pattern != nil:
		return w.pattern.MatchString(text)
	case w.commit != "":
		return showsCommit(text, w.commit)
	}
	return holdsWord(text, w.text)
}

// showsCommit looks for the commit, either one abbreviated to 7 digits or more,
// as a word of its own. "v1.4-2-gabc1234", as git describe writes it, holds one.
func showsCommit(text, commit string) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), notAlphanumeric) {
		word = strings.TrimPrefix(word, "g")
		if len(word) >= 7 && strings.HasPrefix(commit, word) || deploy.IsFullSHA(word) && strings.HasPrefix(word, commit) {
			return true
		}
	}
	return false
}

// joiners are the characters that join the parts of one version.
const joiners = ".-+_"

// holdsWord reports whether text holds word, not as a part of a longer one:
// 1.4.2 is neither in 1.4.20 nor in 1.4.2-rc1 nor in app-1.4.2.
func holdsWord(text, word string) bool {
	for at := 0; ; at++ {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		at += i
		before, _ := utf8.DecodeLastRuneInString(strings.TrimRight(text[:at], joiners))
		after, _ := utf8.DecodeRuneInString(strings.TrimLeft(text[at+len(word):], joiners))
		if !isAlphanumeric(before) && !isAlphanumeric(after) {
			return true
		}
	}
}

func isAlphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func notAlphanumeric(r rune) bool { return !isAlphanumeric(r) }
