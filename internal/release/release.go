// Package release does the release's own work, so that a laptop and a test can
// do it too: archives, checksums and images that are the same bytes for the same
// commit, and the tree that a tag holds. What only GitHub can do, signing,
// attesting and tagging, is in the workflow of that name.
package release

import (
	"fmt"
	"regexp"
	"strings"
)

// Version is the name of a release and of its tag, such as v1.2.3.
type Version string

// ParseVersion refuses what is not v, three numbers and two dots.
func ParseVersion(text string) (Version, error) {
	if !regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`).MatchString(text) {
		return "", fmt.Errorf("version %q: want one such as v1.2.3", text)
	}
	return Version(text), nil
}

// Major returns the name of the tag that moves, such as v1.
func (v Version) Major() string {
	major, _, _ := strings.Cut(string(v), ".")
	return major
}

// Platform is what a program runs on, in Go's words.
type Platform struct{ OS, Arch string }

// String returns the platform as os/arch.
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Program is a command of this module that is released.
type Program struct {
	Name string
	// Flags of the compiler, beside those that all programs are built with.
	Flags     []string
	Platforms []Platform
}

// Programs returns what is released.
func Programs() []Program {
	everywhere := platforms("linux", "darwin", "windows")
	return []Program{
		// Without inlining the action's image is half a megabyte smaller; the
		// program waits for a network nearly all of its time.
		{Name: "afterdeploy", Flags: []string{"-gcflags=all=-l"}, Platforms: everywhere},
		{Name: "afterdeploy-relay", Platforms: platforms("linux", "darwin")},
		{Name: "afterdeploy-sandbox", Platforms: platforms("linux", "darwin")},
	}
}

func platforms(systems ...string) []Platform {
	var all []Platform
	for _, system := range systems {
		all = append(all, Platform{system, "amd64"}, Platform{system, "arm64"})
	}
	return all
}

// archive is the name of the file that holds a program for a platform.
func archive(program string, version Version, p Platform) string {
	kind := "tar.gz"
	if p.OS == "windows" {
		kind = "zip"
	}
	return fmt.Sprintf("%s_%s_%s_%s.%s", program, version, p.OS, p.Arch, kind)
}

// billOf is the name of a program's bill of materials.
func billOf(program string, version Version) string {
	return fmt.Sprintf("%s_%s.cdx.json", program, version)
}

// file is the name of the program itself on a platform.
func file(program string, p Platform) string {
	if p.OS == "windows" {
		return program + ".exe"
	}
	return program
}
