package trigger_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/runner"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

// faulty is a network that panics, in words that a runner would obey.
type faulty struct{}

func (faulty) RoundTrip(*http.Request) (*http.Response, error) {
	panic("x\n::set-output name=outcome::triggered")
}

func TestAFaultOfOursEndsTheRunWithItsOutputs(t *testing.T) {
	t.Parallel()
	files, out := t.TempDir(), &bytes.Buffer{}
	if err := os.WriteFile(filepath.Join(files, "output"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := scene{inputs: map[string]string{"environment-url": "https://shop.example.com"}}.environment(files)
	env["GITHUB_SHA"] = deployed
	code := trigger.Host{
		Out: out, Random: func() float64 { return 0 }, Transport: faulty{},
		Getenv:   func(name string) string { return env[name] },
		ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
	}.Trigger(t.Context())
	got := outputs(t, filepath.Join(files, "output"))
	if got["outcome"] != "unknown" || got["reason"] != "fault" || got["commit-sha"] != deployed || code != 5 {
		t.Errorf("the run ended with %d and %v, want 5, unknown and fault", code, got)
	}
	if !strings.Contains(out.String(), "faulty.RoundTrip") {
		t.Errorf("the log does not say where:\n%s", out)
	}
	for _, command := range runner.Commands(out.String()) {
		if command.Name == "set-output" {
			t.Errorf("the log sets an output:\n%s", out)
		}
	}
}
