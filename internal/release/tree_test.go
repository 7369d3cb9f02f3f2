package release_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/release"
)

const (
	digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	commit = "0123456789abcdef0123456789abcdef01234567"
)

// This tree fits together, be it a branch or a release.
func TestTreeFitsTogether(t *testing.T) {
	t.Parallel()
	if err := release.Tree("../..").Check(); err != nil {
		t.Error(err)
	}
}

// released makes a tree of v1.2.3 from a branch, as a person and the workflow do.
func released(t *testing.T) release.Tree {
	t.Helper()
	tree := prepared(t)
	if err := tree.CheckBefore("v1.2.3"); err != nil {
		t.Fatal(err)
	}
	if err := tree.Pin("v1.2.3", digest, checksums("v1.2.3")); err != nil {
		t.Fatal(err)
	}
	if err := tree.Check(); err != nil {
		t.Fatal(err)
	}
	return tree
}

// prepared makes a tree that waits for the release of v1.2.3. Action and
// workflows are the real ones.
func prepared(t *testing.T) release.Tree {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "CHANGELOG.md"), "# Changelog\n\n## Unreleased\n\n- new\n\n## v1.2.2 (2026-11-01)\n\n- old\n")
	onBranch := regexp.MustCompile(`(?m)^  image: .*$`).ReplaceAllString(read(t, "../../action.yml"), "  image: Dockerfile")
	write(t, filepath.Join(dir, "action.yml"), onBranch)
	workflows, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range workflows {
		write(t, filepath.Join(dir, ".github", "workflows", filepath.Base(path)), read(t, path))
	}
	write(t, filepath.Join(dir, "setup", "install.sh"), "")
	if err := release.Tree(dir).Prepare("v1.2.3", "2026-11-21"); err != nil {
		t.Fatal(err)
	}
	return release.Tree(dir)
}

func checksums(version string) []release.Checksum {
	var all []release.Checksum
	for _, p := range []string{"linux_amd64.tar.gz", "linux_arm64.tar.gz", "darwin_amd64.tar.gz", "darwin_arm64.tar.gz", "windows_amd64.zip", "windows_arm64.zip"} {
		all = append(all, release.ChecksumOf("afterdeploy_"+version+"_"+p, nil))
	}
	return all
}

func TestReleaseNamesNothingThatMoves(t *testing.T) {
	t.Parallel()
	tree := string(released(t))
	if action, want := read(t, filepath.Join(tree, "action.yml")), "\n  image: docker://ghcr.io/afterdeploy/afterdeploy@"+digest+" # v1.2.3\n"; !strings.Contains(action, want) {
		t.Errorf("action.yml has no line %q", want)
	}
	if got := read(t, filepath.Join(tree, "setup", "SHA256SUMS")); !strings.Contains(got, "  afterdeploy_v1.2.3_darwin_arm64.tar.gz\n") {
		t.Errorf("setup's checksums are %q", got)
	}
	trigger := read(t, filepath.Join(tree, ".github", "workflows", "trigger.yml"))
	if want := "uses: afterdeploy/afterdeploy@v1.2.3\n"; !strings.Contains(trigger, want) {
		t.Errorf("the reusable workflow has no line %q", want)
	}
}

// Each of these makes a release that does not keep what it promises.
func TestDisagreementsOfAReleaseAreFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ file, old, new, want string }{
		"a movable image":          {"action.yml", "@" + digest + " # v1.2.3", ":v1.2.3", "action.yml names the image"},
		"the tree, not an image":   {"action.yml", "docker://ghcr.io/afterdeploy/afterdeploy@" + digest + " # v1.2.3", "Dockerfile", "want both or neither"},
		"another's image":          {"action.yml", "ghcr.io/afterdeploy/", "ghcr.io/somebody/", "action.yml names the image"},
		"another version's image":  {"action.yml", "# v1.2.3", "# v1.2.2", `begins with "v1.2.3"`},
		"no platform of Windows":   {"setup/SHA256SUMS", "afterdeploy_v1.2.3_windows_arm64.zip", "afterdeploy_v1.2.3_plan9_arm64.zip", "does not name"},
		"another version's files":  {"setup/SHA256SUMS", "v1.2.3_linux_amd64", "v1.2.2_linux_amd64", "no file of v1.2.3"},
		"another change log":       {"CHANGELOG.md", "## v1.2.3", "## Unreleased\n\n- x\n\n## v1.2.3", `begins with "Unreleased"`},
		"nothing in the log":       {"CHANGELOG.md", "- new\n", "", "no section with a text"},
		"a workflow that moves":    {".github/workflows/trigger.yml", "afterdeploy@v1.2.3", "afterdeploy@v1", `at "v1"`},
		"a workflow of old":        {".github/workflows/trigger.yml", "afterdeploy@v1.2.3", "afterdeploy@v1.2.2", `at "v1.2.2"`},
		"a checksum that is short": {"setup/SHA256SUMS", "  afterdeploy_v1.2.3_linux_amd64", "0  afterdeploy_v1.2.3_linux_amd64", "want a SHA-256"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := released(t)
			path := filepath.Join(string(tree), tt.file)
			before := read(t, path)
			after := strings.Replace(before, tt.old, tt.new, 1)
			if after == before {
				t.Fatalf("%s has no %q", tt.file, tt.old)
			}
			write(t, path, after)
			if err := tree.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Check = %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestBranchIsReadyForItsNewestVersionOnly(t *testing.T) {
	t.Parallel()
	if err := prepared(t).CheckBefore("v1.2.4"); err == nil {
		t.Error("CheckBefore(v1.2.4) = nil where the change log begins with v1.2.3, want an error")
	}
	if err := released(t).CheckBefore("v1.2.3"); err == nil {
		t.Error("CheckBefore = nil in a release, want an error")
	}
	half := prepared(t)
	write(t, filepath.Join(string(half), "setup", "SHA256SUMS"), release.FormatChecksums(checksums("v1.2.3")))
	if err := half.Check(); err == nil {
		t.Error("Check = nil for a branch with checksums, want an error")
	}
}

func TestPinAndPrepareRefuse(t *testing.T) {
	t.Parallel()
	tree := prepared(t)
	for name, err := range map[string]error{
		"a tag for a digest":        tree.Pin("v1.2.3", "v1.2.3", checksums("v1.2.3")),
		"another version's archive": tree.Pin("v1.2.3", digest, checksums("v1.2.2")),
		"no archives":               tree.Pin("v1.2.3", digest, nil),
		"a release without a text":  tree.Prepare("v1.2.4", "2026-11-22"),
	} {
		if err == nil {
			t.Errorf("%s is taken, want an error", name)
		}
	}
	if _, err := os.Stat(filepath.Join(string(tree), "setup", "SHA256SUMS")); err == nil {
		t.Error("checksums were written in spite of an error")
	}
	if err := released(t).Pin("v1.2.3", digest, checksums("v1.2.3")); err == nil {
		t.Error("a release is pinned again, want an error")
	}
}

func TestNotesAreTheVersionsSection(t *testing.T) {
	t.Parallel()
	if got, err := prepared(t).Notes("v1.2.2"); got != "- old\n" || err != nil {
		t.Errorf("Notes(v1.2.2) = %q, %v, want the second section", got, err)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"v1.2.3": true, "v0.10.0": true,
		"1.2.3": false, "v1.2": false, "v01.2.3": false, "v1.2.3-rc1": false, "v1.2.3\n": false, "": false, "v1.2.3; id": false,
	} {
		if _, err := release.ParseVersion(text); (err == nil) != ok {
			t.Errorf("ParseVersion(%q) = %v, want success: %v", text, err, ok)
		}
	}
}
