package work_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/relay/pg"
	"github.com/afterdeploy/afterdeploy/internal/relay/pgtest"
)

// copyFiles copies a directory's files.
func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// pgtestStart starts a Postgres that several can connect to.
func pgtestStart(t *testing.T) func(*testing.T) *pg.DB {
	t.Helper()
	url := pgtest.Start(t)
	return func(t *testing.T) *pg.DB { return pgtest.Open(t, url) }
}
