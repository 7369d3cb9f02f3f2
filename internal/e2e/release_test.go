package e2e_test

import (
	"fmt"
	"os"
	"regexp"
	"testing"
)

// TestReleaseNamesItsImage holds what a release says of itself together. On
// main action.yml builds the tree; in a tag it names the image that was built
// for that version by its digest, which no later push can move. The release
// workflow tells version and digest.
func TestReleaseNamesItsImage(t *testing.T) {
	t.Parallel()
	action, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	changes, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := agree(string(action), string(changes), os.Getenv("RELEASE_VERSION"), os.Getenv("RELEASE_DIGEST")); err != nil {
		t.Error(err)
	}
}

func TestReleaseDisagreementsAreFound(t *testing.T) {
	t.Parallel()
	const (
		tree    = "runs:\n  image: Dockerfile\n"
		digest  = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
		other   = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
		tagged  = "runs:\n  image: docker://ghcr.io/afterdeploy/afterdeploy@" + digest + " # v1.2.3\n"
		movable = "runs:\n  image: docker://ghcr.io/afterdeploy/afterdeploy:v1.2.3\n"
		changes = "# Changelog\n\n## v1.2.3 (2026-11-21)\n\n- x\n\n## v1.2.2 (2026-11-01)\n"
	)
	tests := map[string]struct {
		action, changes, version, digest string
		ok                               bool
	}{
		"main":                             {tree, "# Changelog\n\n## Unreleased\n\n" + changes, "", "", true},
		"before a release":                 {tree, changes, "v1.2.3", "", true},
		"after a release":                  {tagged, changes, "v1.2.3", digest, true},
		"a tag that is checked out":        {tagged, changes, "", "", true},
		"not the newest of the change log": {tree, changes, "v1.2.2", "", false},
		"change log says unreleased":       {tree, "## Unreleased\n\n" + changes, "v1.2.3", "", false},
		"not a version":                    {tree, "## 1.2\n", "1.2", "", false},
		"another image than was built":     {tagged, changes, "v1.2.3", other, false},
		"the tree instead of an image":     {tree, changes, "v1.2.3", digest, false},
		"another version's image":          {tagged, "## v1.2.4\n\n" + changes, "", "", false},
		"a movable image":                  {movable, changes, "", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := agree(tt.action, tt.changes, tt.version, tt.digest); (err == nil) != tt.ok {
				t.Errorf("agree = %v, want agreement: %v", err, tt.ok)
			}
		})
	}
}

// agree reports what does not fit together in action.yml, the change log, and
// a release's version and digest. The last two are empty outside a release.
func agree(action, changes, version, digest string) error {
	image := first(action, `(?m)^  image: (.+)$`)
	newest := first(changes, `(?m)^## (\S+)`)
	if version != "" {
		if !regexp.MustCompile(`^v\d+\.\d+\.\d+$`).MatchString(version) {
			return fmt.Errorf("version %q: want one such as v1.2.3", version)
		}
		if newest != version {
			return fmt.Errorf("CHANGELOG.md begins with %q, want the version %q", newest, version)
		}
	}
	if image == "Dockerfile" && digest == "" {
		return nil
	}
	pinned := `^docker://ghcr\.io/afterdeploy/afterdeploy@(sha256:[0-9a-f]{64}) # (v\S+)$`
	parts := regexp.MustCompile(pinned).FindStringSubmatch(image)
	switch {
	case parts == nil:
		return fmt.Errorf("action.yml names the image %q, want Dockerfile on main, or %s in a release", image, pinned)
	case digest != "" && parts[1] != digest:
		return fmt.Errorf("action.yml names the image %s, but %s was built", parts[1], digest)
	case parts[2] != newest:
		return fmt.Errorf("action.yml names the image of %s, but CHANGELOG.md begins with %s", parts[2], newest)
	}
	return nil
}

// first returns a pattern's first group, "" without a match.
func first(text, pattern string) string {
	parts := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if parts == nil {
		return ""
	}
	return parts[1]
}
