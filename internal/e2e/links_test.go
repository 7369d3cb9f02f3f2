package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Links between the documents lead to a file that is there, and to one of its
// headings.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	links := 0
	for _, file := range files {
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(read(t, file), -1) {
			path, heading, _ := strings.Cut(link[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			links++
			target := file
			if path != "" {
				target = filepath.Join(filepath.Dir(file), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to what is not there: %v", file, err)
			} else if heading != "" && !slices.Contains(headings(read(t, target)), heading) {
				t.Errorf("%s links to %s, but that heading is not there", file, link[1])
			}
		}
	}
	if links == 0 {
		t.Errorf("no links in %v", files)
	}
}

// The comparison names for each case what shows it: a script, scripts that begin
// so, or a golden case.
func TestComparisonNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	cases, _, _ := strings.Cut(read(t, "../../docs/comparison.md"), "\n## ")
	shown := 0
	for _, row := range regexp.MustCompile(`(?m)^\|.*\| (.*) \|$`).FindAllStringSubmatch(cases, -1) {
		for _, name := range regexp.MustCompile("`([a-z_]+…?)`").FindAllStringSubmatch(row[1], -1) {
			shown++
			file := strings.Replace(name[1], "…", "*", 1) + ".txtar"
			var found []string
			for _, dir := range []string{"../../cmd/afterdeploy/testdata/script", "../origin/testdata/cases"} {
				matches, err := filepath.Glob(filepath.Join(dir, file))
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, matches...)
			}
			if len(found) == 0 {
				t.Errorf("comparison.md says that %s shows a case, but it is not there", name[1])
			}
		}
	}
	if shown < 10 {
		t.Errorf("comparison.md names %d scripts, want one for nearly every case", shown)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// headings are a document's, as GitHub writes them in addresses.
func headings(text string) []string {
	var found []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N}\- _]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		found = append(found, strings.ReplaceAll(name, " ", "-"))
	}
	return found
}
