package trigger_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/input"
)

// The page that compares has a row for everything that a migrating user calls
// by another name.
func TestComparisonKnowsEveryAlias(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/comparison.md")
	if err != nil {
		t.Fatal(err)
	}
	_, migrating, ok := strings.Cut(string(text), "## Migrating")
	if !ok {
		t.Fatal("docs/comparison.md says nothing about migrating")
	}
	for _, spec := range input.Table() {
		for _, alias := range spec.Aliases {
			row := regexp.MustCompile("(?m)^\\|.*`" + alias.Name + "`.*\\| `" + spec.Name + "`")
			if !row.MatchString(migrating) {
				t.Errorf("docs/comparison.md has no row for %s, now %s", alias.Name, spec.Name)
			}
		}
	}
}
