package release_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/release"
)

// What is read is written again as it was, so nothing is read that sha256sum
// would read in another way.
func FuzzChecksumsAreReadAsTheyAreWritten(f *testing.F) {
	f.Add(strings.Repeat("a", 64) + "  afterdeploy_v1.2.3_linux_amd64.tar.gz\n")
	f.Add(strings.Repeat("0", 64) + "  ../x\n")
	f.Add(strings.Repeat("0", 64) + " *x\r\n")
	f.Add("\n")
	f.Fuzz(func(t *testing.T, text string) {
		checksums, err := release.ParseChecksums(text)
		if err != nil {
			return
		}
		if got, want := release.FormatChecksums(checksums), strings.TrimSuffix(text, "\n")+"\n"; got != want {
			t.Errorf("%q became %q", want, got)
		}
		for _, c := range checksums {
			if filepath.Base(c.File) != c.File || c.File == "" || strings.HasPrefix(c.File, ".") {
				t.Errorf("the file %q is a path", c.File)
			}
		}
	})
}

func TestChecksumsThatAreRefused(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("a", 64)
	for name, text := range map[string]string{
		"nothing":     "",
		"a path":      sum + "  a/b\n",
		"upper case":  strings.ToUpper(sum) + "  a\n",
		"binary mode": sum + " *a\n",
		"twice":       sum + "  a\n" + sum + "  a\n",
		"empty line":  sum + "  a\n\n",
		"CR":          sum + "  a\r\n",
	} {
		if got, err := release.ParseChecksums(text); err == nil {
			t.Errorf("%s: ParseChecksums(%q) = %v, want an error", name, text, got)
		}
	}
}

func TestVerifyFindsAnotherFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "as released")
	write(t, filepath.Join(dir, "SHA256SUMS"), release.FormatChecksums([]release.Checksum{release.ChecksumOf("a", []byte("as released"))}))
	if _, err := release.Verify(dir); err != nil {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "a"), "something else")
	if _, err := release.Verify(dir); err == nil {
		t.Error("Verify = nil for a file that was changed, want an error")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
