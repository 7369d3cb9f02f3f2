package release

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// image is where the action's image is published.
const image = "ghcr.io/afterdeploy/afterdeploy"

// Tree is the directory of a checked-out commit. Those of branches build from
// source. A release has a commit of its own, reached by its tag alone, which
// names the image by its digest and the archives by their checksums: they cannot
// stand in the commit that they are made from.
type Tree string

// Prepare makes the change that a person merges before a release: the change log
// begins with the version, and the reusable workflows use it. The release cannot
// write the latter itself: GitHub lets no workflow push another one.
func (t Tree) Prepare(version Version, day string) error {
	heading := fmt.Sprintf("## %s (%s)", version, day)
	if err := t.replace("CHANGELOG.md", `(?m)^## Unreleased$`, heading, 1); err != nil {
		return err
	}
	users, err := t.users()
	if err != nil {
		return err
	}
	for name := range users {
		if err := t.replace(name, own+`@v[0-9.]+$`, "${1}@"+string(version), -1); err != nil {
			return err
		}
	}
	return nil
}

// Pin writes an image's digest into action.yml and the checksums of the archives
// into setup.
func (t Tree) Pin(version Version, digest string, checksums []Checksum) error {
	if !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(digest) {
		return fmt.Errorf("digest %q: want sha256: and 64 hexadecimal digits", digest)
	}
	if err := ofVersion(checksums, version); err != nil {
		return err
	}
	pinned := fmt.Sprintf("  image: docker://%s@%s # %s", image, digest, version)
	if err := t.replace("action.yml", `(?m)^  image: Dockerfile$`, pinned, 1); err != nil {
		return err
	}
	return os.WriteFile(t.path("setup", sums), []byte(FormatChecksums(checksums)), 0o644)
}

// own matches a step of a workflow that uses this repository, up to the @.
const own = `(?m)(uses: afterdeploy/afterdeploy(?:/[\w./-]+)?)`

// users returns the references to this repository in each workflow that has any.
func (t Tree) users() (map[string][]string, error) {
	names, err := filepath.Glob(t.path(".github", "workflows", "*.yml"))
	if err != nil {
		return nil, err
	}
	users := map[string][]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(string(t), name)
		if err != nil {
			return nil, err
		}
		for _, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			if parts := regexp.MustCompile(own + `@(.+)$`).FindStringSubmatch(line); parts != nil {
				users[rel] = append(users[rel], parts[2])
			}
		}
	}
	return users, nil
}

func (t Tree) path(elements ...string) string {
	return filepath.Join(append([]string{string(t)}, elements...)...)
}

// replace rewrites what a pattern matches in a file, which has to happen a
// number of times; -1: at least once.
func (t Tree) replace(name, pattern, by string, times int) error {
	text, err := os.ReadFile(t.path(name))
	if err != nil {
		return err
	}
	re := regexp.MustCompile(pattern)
	if n := len(re.FindAll(text, -1)); n == 0 || times >= 0 && n != times {
		return fmt.Errorf("%s: %d places match %s, want %d", name, n, pattern, max(times, 1))
	}
	return os.WriteFile(t.path(name), re.ReplaceAll(text, []byte(by)), 0o644)
}
