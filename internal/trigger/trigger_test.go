package trigger_test

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/runner"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

// network answers the call.
type network func() *http.Response

func (n network) RoundTrip(*http.Request) (*http.Response, error) { return n(), nil }

// call runs the action after a push, on a network, and returns its exit code,
// its log and its outputs.
func call(t *testing.T, n network) (code int, log string, values map[string]string) {
	t.Helper()
	files, out := t.TempDir(), &bytes.Buffer{}
	if err := os.WriteFile(filepath.Join(files, "output"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := scene{inputs: map[string]string{"environment-url": "https://shop.example.com"}}.environment(files)
	env["GITHUB_SHA"] = deployed
	code = trigger.Host{
		Out: out, Random: func() float64 { return 0 }, Transport: n,
		Getenv:   func(name string) string { return env[name] },
		ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
	}.Trigger(t.Context())
	return code, out.String(), outputs(t, filepath.Join(files, "output"))
}

func TestAFaultOfOursEndsTheRunWithItsOutputs(t *testing.T) {
	t.Parallel()
	code, log, got := call(t, func() *http.Response { panic("x\n::set-output name=outcome::triggered") })
	if got["outcome"] != "unknown" || got["reason"] != "fault" || got["commit-sha"] != deployed || code != 5 {
		t.Errorf("the run ended with %d and %v, want 5, unknown and fault", code, got)
	}
	if !strings.Contains(log, "trigger_test.network.RoundTrip") {
		t.Errorf("the log does not say where:\n%s", log)
	}
	for _, command := range runner.Commands(log) {
		if command.Name == "set-output" {
			t.Errorf("the log sets an output:\n%s", log)
		}
	}
}

func TestNoOutputIsLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 10_000)
	body := `{"status":"x` + long + `","message":"y` + long + `","code":"z` + long + `"}`
	_, _, got := call(t, func() *http.Response {
		return &http.Response{StatusCode: http.StatusBadRequest, Body: io.NopCloser(strings.NewReader(body))}
	})
	for _, name := range []string{"response", "api-status", "api-message", "api-code"} {
		if value := got[name]; len(value) < 8190 || len(value) > 8192 || !utf8.ValidString(value) {
			t.Errorf("output %s has %d bytes, valid UTF-8: %t; want 8192, or a rune less", name, len(value), utf8.ValidString(value))
		}
	}
}

func TestTheFirstProjectThatMatchesIsTaken(t *testing.T) {
	t.Parallel()
	p := play(t, scene{
		event: "deployment_status", payload: reported(1004, "success", "https://docs.example.com"),
		inputs: map[string]string{"once": "false", "projects": "prod*: none-1\npre*: docs-1756145575\n*: shop-1756145574"},
	})
	p.want(t, "triggered", "processed", 1)
	if got := p.outputs["project-id"]; got != "docs-1756145575" {
		t.Errorf("project-id is %q, want that of the first line that matches", got)
	}
}
