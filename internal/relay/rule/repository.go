package rule

import (
	"regexp"
	"slices"
	"strings"
)

const repositoryWant = "want owner/name"

func (l *loader) repository(m mapping, key string) string {
	text := m.text(key)
	if text != "" && (!repositoryOK(text) || strings.Contains(text, "*")) {
		l.report(m.node(key), "%s %q: %s", key, text, repositoryWant)
		return ""
	}
	return text
}

func (l *loader) repositories(m mapping) []string {
	if !m.has("repositories") {
		l.report(m.at, "repositories are missing: want a list of those this target may act for, such as [owner/name]")
		return nil
	}
	for _, i := range m.items("repositories") {
		if !repositoryOK(i.text) {
			l.report(i.at, "repository %q: %s, or owner/name* for all that begin so", i.text, repositoryWant)
		}
	}
	return m.texts("repositories")
}

func repositoryOK(text string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/([A-Za-z0-9._-]{1,100}\*?|\*)$`).MatchString(text)
}

// Lists reports whether the target may act for a repository.
func (t TargetConfig) Lists(repository string) bool {
	repository = strings.ToLower(repository)
	return slices.ContainsFunc(t.Repositories, func(listed string) bool {
		listed = strings.ToLower(listed)
		if prefix, ok := strings.CutSuffix(listed, "*"); ok {
			return strings.Contains(prefix, "/") && strings.HasPrefix(repository, prefix) && len(repository) > len(prefix)
		}
		return listed == repository
	})
}

// only returns the one repository of a target that has no other, or "".
func (t TargetConfig) only() string {
	if len(t.Repositories) == 1 && !strings.HasSuffix(t.Repositories[0], "*") {
		return t.Repositories[0]
	}
	return ""
}
