package work_test

import (
	"os"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/relay/work"
)

// Whoever runs a relay reads on one page what each state means.
func TestPageNamesEveryState(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "| a delivery is |")
	if table, _, _ = strings.Cut(table, "\n\n"); !found || table == "" {
		t.Fatal("docs/operating.md has no table of the states of deliveries")
	}
	for _, state := range work.States() {
		if !strings.Contains(table, "`"+string(state)+"`") {
			t.Errorf("docs/operating.md does not say what %q means", state)
		}
	}
}
