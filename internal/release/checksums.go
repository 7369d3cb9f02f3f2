package release

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// sums is the name of the file with the checksums, in a release and in setup.
const sums = "SHA256SUMS"

// Checksum is one line of SHA256SUMS.
type Checksum struct{ Sum, File string }

// ChecksumOf returns the checksum of a file's content.
func ChecksumOf(name string, content []byte) Checksum {
	return Checksum{fmt.Sprintf("%x", sha256.Sum256(content)), name}
}

// FormatChecksums writes them as sha256sum does.
func FormatChecksums(all []Checksum) string {
	var out strings.Builder
	for _, c := range all {
		fmt.Fprintf(&out, "%s  %s\n", c.Sum, c.File)
	}
	return out.String()
}

// ParseChecksums reads what FormatChecksums writes, and refuses everything else:
// an empty text, a path for a file, a file that is named twice.
func ParseChecksums(text string) ([]Checksum, error) {
	line := regexp.MustCompile(`^([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]*)$`)
	var all []Checksum
	seen := map[string]bool{}
	for number, row := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		parts := line.FindStringSubmatch(row)
		if parts == nil {
			return nil, fmt.Errorf("%s: line %d is %q: want a SHA-256, two spaces and a file's name", sums, number+1, row)
		}
		if seen[parts[2]] {
			return nil, fmt.Errorf("%s: line %d names %q again", sums, number+1, parts[2])
		}
		seen[parts[2]] = true
		all = append(all, Checksum{parts[1], parts[2]})
	}
	return all, nil
}

// Verify compares the files of a directory with its SHA256SUMS.
func Verify(dir string) ([]Checksum, error) {
	text, err := os.ReadFile(filepath.Join(dir, sums))
	if err != nil {
		return nil, err
	}
	all, err := ParseChecksums(string(text))
	if err != nil {
		return nil, err
	}
	for _, want := range all {
		content, err := os.ReadFile(filepath.Join(dir, want.File))
		if err != nil {
			return nil, err
		}
		if got := ChecksumOf(want.File, content); got != want {
			return nil, fmt.Errorf("%s has the checksum %s, want %s", want.File, got.Sum, want.Sum)
		}
	}
	return all, nil
}
