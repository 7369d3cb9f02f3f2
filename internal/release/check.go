package release

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Check reports everything in a tree that does not fit together. On a branch
// action.yml builds the tree and setup has no checksums; in a release the image
// has a digest and the archives have checksums, and both are of the version that
// the change log begins with. The reusable workflows use the newest release, as
// nothing else is there when they run.
func (t Tree) Check() error {
	action, err := os.ReadFile(t.path("action.yml"))
	if err != nil {
		return err
	}
	checksums, err := t.checksums()
	if err != nil {
		return err
	}
	named := first(string(action), `(?m)^  image: (.+)$`)
	if named == "Dockerfile" {
		if checksums != nil {
			err = fmt.Errorf("setup/%s is there, but action.yml builds the tree: want both or neither of a release", sums)
		}
		return errors.Join(err, t.checkUsers())
	}
	pinned := `^docker://` + regexp.QuoteMeta(image) + `@sha256:[0-9a-f]{64} # (v\S+)$`
	version, err := ParseVersion(first(named, pinned))
	if err != nil {
		return fmt.Errorf("action.yml names the image %q: want Dockerfile on a branch, docker://%s@sha256:… # v… in a release", named, image)
	}
	return errors.Join(t.checkChanges(version), ofVersion(checksums, version), t.checkUsers())
}

// CheckBefore reports why a version cannot be released from a tree.
func (t Tree) CheckBefore(version Version) error {
	action, err := os.ReadFile(t.path("action.yml"))
	if err != nil {
		return err
	}
	if !strings.Contains(string(action), "\n  image: Dockerfile\n") {
		err = errors.New("action.yml names an image already: want to release a branch, where it builds the tree")
	}
	return errors.Join(err, t.Check(), t.checkChanges(version))
}

// Notes returns what the change log says of a version.
func (t Tree) Notes(version Version) (string, error) {
	changes, err := os.ReadFile(t.path("CHANGELOG.md"))
	if err != nil {
		return "", err
	}
	for _, section := range strings.Split("\n"+string(changes), "\n## ")[1:] {
		heading, text, _ := strings.Cut(section, "\n")
		if first(heading, `^(\S+)`) == string(version) && strings.TrimSpace(text) != "" {
			return strings.TrimSpace(text) + "\n", nil
		}
	}
	return "", fmt.Errorf("CHANGELOG.md has no section with a text for %s", version)
}

func (t Tree) checkChanges(version Version) error {
	changes, err := os.ReadFile(t.path("CHANGELOG.md"))
	if err != nil {
		return err
	}
	if newest := first(string(changes), `(?m)^## (\S+)`); newest != string(version) {
		return fmt.Errorf("CHANGELOG.md begins with %q, want the version %q", newest, version)
	}
	_, err = t.Notes(version)
	return err
}

// checkUsers reports workflows that use this repository at anything but the
// newest release, or before the first one at anything but v1.
func (t Tree) checkUsers() error {
	changes, err := os.ReadFile(t.path("CHANGELOG.md"))
	if err != nil {
		return err
	}
	users, err := t.users()
	if err != nil {
		return err
	}
	want := cmp.Or(first(string(changes), `(?m)^## (v\S+)`), "v1")
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(users)) {
		for _, ref := range users[name] {
			if ref != want {
				errs = append(errs, fmt.Errorf("%s uses this action at %q, want %q", name, ref, want))
			}
		}
	}
	return errors.Join(errs...)
}

// checksums returns those in setup, nil on a branch.
func (t Tree) checksums() ([]Checksum, error) {
	text, err := os.ReadFile(t.path("setup", sums))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ParseChecksums(string(text))
}

// ofVersion reports the archives of afterdeploy that are missing, and files
// that the version does not have.
func ofVersion(checksums []Checksum, version Version) error {
	missing, known := map[string]bool{}, map[string]bool{}
	for _, program := range Programs() {
		known[billOf(program.Name, version)] = true
		for _, p := range program.Platforms {
			known[archive(program.Name, version, p)] = true
			if program.Name == "afterdeploy" {
				missing[archive(program.Name, version, p)] = true
			}
		}
	}
	var errs []error
	for _, c := range checksums {
		if !known[c.File] {
			errs = append(errs, fmt.Errorf("%s names %q, which is no file of %s", sums, c.File, version))
		}
		delete(missing, c.File)
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		errs = append(errs, fmt.Errorf("%s does not name %s", sums, name))
	}
	return errors.Join(errs...)
}

// first returns a pattern's first group, "" without a match.
func first(text, pattern string) string {
	parts := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if parts == nil {
		return ""
	}
	return parts[1]
}
