package deploy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Ref names what was deployed: a commit or a branch, never both. The zero Ref
// names nothing.
type Ref struct{ commit, branch string }

// Commit returns the commit's hash, or "" where the Ref is a branch.
func (r Ref) Commit() string { return r.commit }

// Branch returns the branch's short name, or "" where the Ref is a commit.
func (r Ref) Branch() string { return r.branch }

// IsZero reports whether the Ref names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// ParseCommit reads a commit hash of 7 to 64 hexadecimal digits (SHA-1 or
// SHA-256, abbreviated or whole). The 40 zeros that git uses for "no commit"
// are refused.
func ParseCommit(sha string) (Ref, error) {
	if !hexDigits(sha, 7, 64) {
		return Ref{}, fmt.Errorf("%q is not a commit: want 7 to 64 hexadecimal digits", sha)
	}
	if strings.Trim(sha, "0") == "" {
		return Ref{}, fmt.Errorf("%q is git's word for no commit", sha)
	}
	return Ref{commit: strings.ToLower(sha)}, nil
}

// ParseBranch reads a branch name, short or as refs/heads/…. It refuses tags,
// pull request refs, names that git itself refuses, and whole commit hashes,
// which some hosts put where a branch belongs.
func ParseBranch(name string) (Ref, error) {
	short := strings.TrimPrefix(name, "refs/heads/")
	switch {
	case short == "" || short == "HEAD":
		return Ref{}, fmt.Errorf("%q names no branch", name)
	case strings.HasPrefix(short, "refs/"):
		return Ref{}, fmt.Errorf("%q is not a branch: want a name such as main or refs/heads/main", name)
	case IsFullSHA(short):
		return Ref{}, fmt.Errorf("%q is a commit, not a branch", name)
	case !utf8.ValidString(short):
		return Ref{}, fmt.Errorf("%q is not UTF-8, and JSON can carry no other branch name", name)
	case !gitAllows(short):
		return Ref{}, fmt.Errorf("%q is not a branch name that git allows", name)
	}
	return Ref{branch: short}, nil
}

// IsFullSHA reports whether text is a whole SHA-1 or SHA-256 hash.
func IsFullSHA(text string) bool {
	return (len(text) == 40 || len(text) == 64) && hexDigits(text, 40, 64)
}

func hexDigits(text string, least, most int) bool {
	if len(text) < least || len(text) > most {
		return false
	}
	for _, c := range []byte(text) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// gitAllows follows git-check-ref-format(1).
func gitAllows(name string) bool {
	if name == "@" || len(name) > 1024 || strings.HasPrefix(name, "-") || strings.HasSuffix(name, ".") ||
		strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.ContainsAny(name, " ~^:?*[\\") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return strings.IndexFunc(name, unicode.IsControl) < 0
}

// PullRequestOfQueue returns the number in a merge queue's branch name
// ("gh-readonly-queue/main/pr-12-<sha>"), the only place where GitHub gives
// it, or 0.
func PullRequestOfQueue(branch string) int {
	found := regexp.MustCompile(`^gh-readonly-queue/.+/pr-([1-9][0-9]{0,8})-[0-9a-f]{40,64}$`).FindStringSubmatch(branch)
	if found == nil {
		return 0
	}
	number, _ := strconv.Atoi(found[1]) // nine digits at most
	return number
}
