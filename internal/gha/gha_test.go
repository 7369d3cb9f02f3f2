package gha_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/gha"
	"github.com/afterdeploy/afterdeploy/internal/sandbox/runner"
)

// onGitHub is the environment of a step, with files for outputs and summary.
func onGitHub(t *testing.T) map[string]string {
	t.Helper()
	env := map[string]string{"GITHUB_ACTIONS": "true"}
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		env[name] = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(env[name], nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return env
}

func newRunner(out *bytes.Buffer, env map[string]string) *gha.Runner {
	return gha.New(out, func(name string) string { return env[name] })
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func FuzzLoggedTextIsNeverACommand(f *testing.F) {
	for _, seed := range []string{
		"::error::x", " \u00a0::set-output name=a::b", "x\r::add-mask::y", "a ##[error]b", "##vso[task.setvariable variable=x]y",
		"###[x]", "####[[x]", "##teamcity[x]", "\ufeff::stop-commands::x", "\x1b[2K::debug::x", "\u2028::error::x", "\u0301::error::", "|\n::error::x", "--- a", "x\n +++ b", "~~~ c", "^^^ +++", "section_start:1:x\r\x1b[0Ky", "live \u202eton si", "\u2066x\u2069",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		newRunner(&out, map[string]string{"GITHUB_ACTIONS": "true"}).Log(text)
		if commands := runner.Commands(out.String()); len(commands) > 0 {
			t.Errorf("Log(%q) printed %q, in which a runner finds %v", text, out.String(), commands)
		}
		for _, bad := range []string{"##[", "##vso[", "##teamcity[", "\r", "\x1b", "\x00", "\u202e", "\u2066"} {
			if strings.Contains(out.String(), bad) {
				t.Errorf("Log(%q) printed %q, which holds %q", text, out.String(), bad)
			}
		}
		// buildkite.com/docs/pipelines/configure/managing-log-output
		if folds := regexp.MustCompile(`(?m)^(---|\+\+\+|~~~|\^\^\^)`).FindString(out.String()); folds != "" {
			t.Errorf("Log(%q) printed %q, in which %q folds Buildkite's log", text, out.String(), folds)
		}
	})
}

func FuzzAnnotationIsOneCommandWithItsText(f *testing.F) {
	f.Add("title", "text")
	f.Add("a,b::c", "x\r\n::error::y%0A")
	f.Fuzz(func(t *testing.T, title, text string) {
		var out bytes.Buffer
		newRunner(&out, map[string]string{"GITHUB_ACTIONS": "true"}).Error(title, text)
		commands := runner.Commands(out.String())
		if len(commands) != 1 || commands[0].Name != "error" {
			t.Fatalf("Error(%q, %q) printed %q: want one error command, got %v", title, text, out.String(), commands)
		}
		if want := gha.Plain(text); commands[0].Data != want {
			t.Errorf("Error(%q, %q) says %q, want %q", title, text, commands[0].Data, want)
		}
	})
}

func FuzzOutputSetsNoOtherOutput(f *testing.F) {
	f.Add("x")
	f.Add("x\n_GitHubActionsFileCommandDelimeter_\nevil=1")
	f.Add("x\nafterdeploy_AAAA\nevil<<E\n1\nE")
	f.Add("")
	f.Add("\x00\xff\r\n")
	f.Fuzz(func(t *testing.T, value string) {
		env := onGitHub(t)
		r := newRunner(&bytes.Buffer{}, env)
		for _, err := range []error{r.SetOutput("first", value), r.SetOutput("second", "2")} {
			if err != nil {
				t.Fatalf("SetOutput(%q): %v", value, err)
			}
		}
		got, err := runner.Outputs(read(t, env["GITHUB_OUTPUT"]))
		want := []runner.Output{{Name: "first", Value: strings.ReplaceAll(strings.ToValidUTF8(value, "\ufffd"), "\x00", "")}, {Name: "second", Value: "2"}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("outputs after SetOutput(%q): %v (-want +got):\n%s", value, err, diff)
		}
	})
}

func TestOutputNameIsChecked(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "a=b", "a b", "a<<b", "a\nb", "1a"} {
		if err := newRunner(&bytes.Buffer{}, onGitHub(t)).SetOutput(name, "x"); err == nil {
			t.Errorf("SetOutput(%q) = nil, want an error", name)
		}
	}
}

func TestOutputsArePrintedWhereNobodyReadsThem(t *testing.T) {
	t.Parallel()
	tests := map[string]map[string]string{
		"no variable":      {},
		"a file not there": {"GITHUB_OUTPUT": filepath.Join(t.TempDir(), "none", "output")},
	}
	for name, env := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := newRunner(&out, env).SetOutput("outcome", "triggered"); err != nil {
				t.Fatal(err)
			}
			if got, want := out.String(), "outcome=triggered\n"; got != want {
				t.Errorf("printed %q, want %q", got, want)
			}
			if path := env["GITHUB_OUTPUT"]; path != "" {
				if _, err := os.Stat(path); !os.IsNotExist(err) {
					t.Errorf("stat %s: %v, want that no file was made", path, err)
				}
			}
		})
	}
}

func TestSummaryStaysBelowTheLimit(t *testing.T) {
	t.Parallel()
	env := onGitHub(t)
	if err := newRunner(&bytes.Buffer{}, env).Summarize(strings.Repeat("a line with an é\n", 1<<17)); err != nil {
		t.Fatal(err)
	}
	got := read(t, env["GITHUB_STEP_SUMMARY"])
	if len(got) > 1<<20 || len(got) < 1<<19 || !strings.HasSuffix(got, "a line with an é\n\nThe rest was cut.\n") {
		t.Errorf("the summary has %d bytes and ends in %q", len(got), got[len(got)-60:])
	}
}

func TestMaskIsIssuedOnlyWhereItHides(t *testing.T) {
	t.Parallel()
	const key = "first-line\nsecond-line\nab"
	var github, laptop bytes.Buffer
	newRunner(&github, onGitHub(t)).Mask(key)
	newRunner(&laptop, nil).Mask(key)
	want := []runner.Command{
		{Name: "add-mask", Properties: map[string]string{}, Data: "first-line"},
		{Name: "add-mask", Properties: map[string]string{}, Data: "second-line"},
	}
	if diff := cmp.Diff(want, runner.Commands(github.String())); diff != "" {
		t.Errorf("on GitHub (-want +got):\n%s", diff)
	}
	if laptop.Len() > 0 {
		t.Errorf("on a laptop it printed %q", laptop.String())
	}
}

func TestGroupsAndAnnotationsArePlainOutsideGitHub(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := newRunner(&out, nil)
	r.Group("Deployment")
	r.Log("::error::x")
	r.EndGroup()
	r.Warning("title", "text")
	if got, want := out.String(), "Deployment\n| ::error::x\nwarning: title: text\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// closed is a stream whose reader is gone.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAClosedLogDoesNotEndTheRun(t *testing.T) {
	t.Parallel()
	env := onGitHub(t)
	r := gha.New(closed{}, func(name string) string { return env[name] })
	r.Log("x")
	r.Error("x", "y")
	if err := r.SetOutput("outcome", "triggered"); err != nil {
		t.Error(err)
	}
}
