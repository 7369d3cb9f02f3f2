// Package golden compares what a test made with a file that a person has looked
// at. With UPDATE=1 it rewrites the file instead. Tests alone import it.
package golden

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// File compares a whole file.
func File(t testing.TB, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, path, string(want), string(got))
}

// Part compares one part of a txtar archive.
func Part(t testing.TB, path, name string, got []byte) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
	switch update := os.Getenv("UPDATE") != ""; {
	case update && i < 0:
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: got})
		write(t, path, txtar.Format(archive))
	case update:
		archive.Files[i].Data = got
		write(t, path, txtar.Format(archive))
	case i < 0:
		t.Fatalf("%s has no part %q; UPDATE=1 adds it", path, name)
	default:
		compare(t, path+": "+name, string(archive.Files[i].Data), string(got))
	}
}

func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func compare(t testing.TB, what, want, got string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs; UPDATE=1 rewrites it (-want +got):\n%s", what, diff)
	}
}
