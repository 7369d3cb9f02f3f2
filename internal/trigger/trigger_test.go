package trigger_test

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/afterdeploy/afterdeploy/internal/sandbox/runner"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

// network answers the call.
type network func(*http.Request) (*http.Response, error)

func (n network) RoundTrip(req *http.Request) (*http.Response, error) { return n(req) }

// call runs the action after a push, on a network and with more variables, and
// returns its exit code, its log and its outputs.
func call(t *testing.T, n network, more map[string]string) (code int, log string, values map[string]string) {
	t.Helper()
	files, out := t.TempDir(), &bytes.Buffer{}
	if err := os.WriteFile(filepath.Join(files, "output"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := scene{inputs: map[string]string{"environment-url": "https://shop.example.com"}}.environment(files)
	env["GITHUB_SHA"] = deployed
	maps.Copy(env, more)
	code = trigger.Host{
		Out: out, Random: func() float64 { return 0 }, Transport: n,
		Getenv:   func(name string) string { return env[name] },
		ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
	}.Trigger(t.Context())
	return code, out.String(), outputs(t, filepath.Join(files, "output"))
}

// refuses answers with a no.
func refuses(body string) network {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusBadRequest, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func TestAFaultOfOursEndsTheRunWithItsOutputs(t *testing.T) {
	t.Parallel()
	code, log, got := call(t, func(*http.Request) (*http.Response, error) { panic("x\n::set-output name=outcome::triggered") }, nil)
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
	_, _, got := call(t, refuses(body), nil)
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

func TestTheTimeoutIsTheReasonWhereNothingWasSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}
		code, _, got := call(t, silent, map[string]string{"INPUT_TIMEOUT": "3s"})
		if got["outcome"] != "timed-out" || got["reason"] != "deadline" || got["duration-ms"] != "3000" || code != 7 {
			t.Errorf("the run ended with %d and %v, want 7, timed-out and deadline after 3 s", code, got)
		}
	})
}

func TestTheCorrelationIsThatOfOneStepInOneRun(t *testing.T) {
	t.Parallel()
	id := func(name, value string) string {
		_, _, got := call(t, refuses(""), map[string]string{name: value})
		return got["correlation-id"]
	}
	same := id("GITHUB_RUN_ATTEMPT", "1")
	if again := id("GITHUB_RUN_ATTEMPT", "1"); again != same || !strings.HasPrefix(same, "ad-") {
		t.Errorf("correlation ids %q and %q, want the same one", same, again)
	}
	for name, value := range map[string]string{
		"GITHUB_REPOSITORY": "acme/other", "GITHUB_RUN_ID": "78", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_JOB": "other", "GITHUB_ACTION": "other",
		"INPUT_PROJECT-ID": "other-1", "INPUT_COMMIT-SHA": "1234567", "INPUT_BRANCH": "other", "INPUT_ENVIRONMENT": "staging",
		"INPUT_ENVIRONMENT-URL": "https://other.example.com",
	} {
		if id(name, value) == same {
			t.Errorf("the correlation id does not depend on %s", name)
		}
	}
}
