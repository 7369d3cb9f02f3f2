package trigger_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/input"
)

// The page that compares promises scripts that can be run, and names for
// everything that a migrating user has.
func TestComparisonIsTrue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/comparison.md")
	if err != nil {
		t.Fatal(err)
	}
	cases, migrating, ok := strings.Cut(string(text), "## Migrating")
	if !ok {
		t.Fatal("docs/comparison.md says nothing about migrating")
	}
	named := 0
	for row := range strings.Lines(cases) {
		cells := strings.Split(row, "|")
		if len(cells) < 6 {
			continue
		}
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[4], -1) {
			named++
			script, _ := filepath.Glob("../../cmd/afterdeploy/testdata/script/" + name[1] + ".txtar")
			golden, _ := filepath.Glob("../origin/testdata/cases/" + name[1] + ".txtar")
			if len(script)+len(golden) == 0 {
				t.Errorf("docs/comparison.md names %q: want a script or a golden case of that name", name[1])
			}
		}
	}
	if named < 15 {
		t.Errorf("docs/comparison.md names %d scripts, want one for each case", named)
	}
	for _, spec := range input.Table() {
		for _, alias := range spec.Aliases {
			if !regexp.MustCompile("(?m)^\\|.*`"+alias.Name+"`.*\\| `"+spec.Name+"`").MatchString(migrating) && alias.Name != spec.Name {
				t.Errorf("docs/comparison.md has no row for %s, now %s", alias.Name, spec.Name)
			}
		}
	}
}
