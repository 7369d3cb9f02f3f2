package source

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/afterdeploy/afterdeploy/internal/deploy"
)

// commit returns a commit's hash, or "" for anything else.
func commit(sha string) string {
	ref, err := deploy.ParseCommit(sha)
	if err != nil {
		return ""
	}
	return ref.Commit()
}

// branch returns a branch's short name, or "" for a tag, a pull request's ref
// or a hash, which some hosts put where a branch belongs.
func branch(name string) string {
	ref, err := deploy.ParseBranch(name)
	if err != nil {
		return ""
	}
	return ref.Branch()
}

// pullOfRef returns the number in refs/pull/12/merge, or 0.
func pullOfRef(ref string) int {
	rest, found := strings.CutPrefix(ref, "refs/pull/")
	number, _, more := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	if !found || !more || err != nil || n < 0 {
		return 0
	}
	return n
}

// repositoryOf returns owner/name of a remote such as
// https://github.com/owner/name.git or git@github.com:owner/name.git.
func repositoryOf(remote string) string {
	remote = strings.TrimSuffix(strings.TrimSuffix(remote, "/"), ".git")
	if u, err := url.Parse(remote); err == nil && u.Host != "" {
		return repository(strings.Trim(u.Path, "/"))
	}
	_, path, _ := strings.Cut(remote, ":")
	return repository(strings.Trim(path, "/"))
}

// repository returns text if it is owner/name as GitHub allows it, else "".
func repository(text string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	owner, name, _ := strings.Cut(text, "/")
	switch {
	case len(owner) < 1 || len(owner) > 39 || owner[0] == '-' || strings.Trim(owner, plain+"-") != "",
		len(name) < 1 || len(name) > 100 || strings.Trim(name, plain+"-_.") != "",
		strings.Trim(name, ".") == "":
		return ""
	}
	return text
}

// unmasked returns a name on one line, or "" where redaction left no name.
func unmasked(name string) string {
	if name = line(name, maxTitle); strings.Contains(name, stars) {
		return ""
	}
	return name
}
