package rule_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/afterdeploy/afterdeploy/internal/golden"
	"github.com/afterdeploy/afterdeploy/internal/relay/rule"
	"github.com/afterdeploy/afterdeploy/internal/secret"
)

// lookup knows every secret but env:EMPTY.
func lookup(ref string) (secret.String, error) {
	if ref == "env:EMPTY" {
		return secret.String{}, nil
	}
	return secret.New("value of " + ref), nil
}

func load(t testing.TB, text string) *rule.File {
	t.Helper()
	f, err := rule.Load([]byte(text), lookup)
	if err != nil {
		t.Fatalf("Load() = %v", err)
	}
	return f
}

// TestLoadProblems keeps what check says about files that are wrong.
func TestLoadProblems(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/problems/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = rule.Load(archive.Files[0].Data, lookup)
			if err == nil {
				t.Fatal("Load() found nothing")
			}
			got := err.Error() + "\n"
			if strings.Contains(got, "swordfish") || strings.Contains(got, "hunter2") {
				t.Errorf("a secret is quoted: %s", got)
			}
			golden.Part(t, file, archive.Files[1].Name, []byte(got))
		})
	}
}

func TestLoadExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../docs/examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rule.Load(data, lookup); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a": "from a file\n", "empty": "\n"}
	find := rule.Lookup(
		func(name string) string { return map[string]string{"A": "from the environment"}[name] },
		func(path string) ([]byte, error) {
			if text, ok := files[path]; ok {
				return []byte(text), nil
			}
			return nil, os.ErrNotExist
		})
	for ref, want := range map[string]string{"env:A": "from the environment", "file:a": "from a file", "env:B": "", "file:b": "", "file:empty": ""} {
		got, err := find(ref)
		if got.Reveal() != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", ref, got.Reveal(), err)
		}
	}
}

// FuzzLoad: whatever a file holds, the answer is a file or problems with places
// in it.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/problems/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	example, err := os.ReadFile("../../../docs/examples/relay.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte("a: &a [*a]\nsources: *a"))
	f.Add([]byte("sources: &s {a: *s}\nrules: &r [*r, *r]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := rule.Load(data, lookup)
		if err == nil {
			if len(file.Rules) > 0 && len(file.Sources) == 0 && len(file.Targets) == 0 {
				t.Error("rules without a source or target")
			}
			return
		}
		var wrong *rule.Error
		if !errors.As(err, &wrong) || len(wrong.Problems) == 0 {
			t.Fatalf("Load() = %T %v", err, err)
		}
		for _, p := range wrong.Problems {
			if p.Text == "" || p.Line < 0 || p.Line > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+2 {
				t.Errorf("problem %+v", p)
			}
		}
	})
}
