package ci_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterdeploy/afterdeploy/internal/ci"
	"github.com/afterdeploy/afterdeploy/internal/input"
	"github.com/afterdeploy/afterdeploy/internal/trigger"
)

// TestNoOutputIsAnInput holds that an output, which CIs hand to all later steps,
// is never read as an input there.
func TestNoOutputIsAnInput(t *testing.T) {
	t.Parallel()
	inputs := map[string]bool{}
	for _, spec := range input.Table() {
		inputs[spec.Env] = true
	}
	for _, output := range trigger.Outputs() {
		if name := ci.Variable(output.Name); inputs[name] {
			t.Errorf("output %s is the variable %s, which is an input's", output.Name, name)
		}
	}
}

func TestCIsWithoutOutputsGetNone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "github", "gitlab", "jenkins", "cloudbuild"} {
		var log bytes.Buffer
		host := ci.Host{Name: name, Getenv: func(string) string { return "" }, Log: &log}
		if err := host.SetOutputs(t.Context(), []ci.Output{{Name: "outcome", Value: "triggered"}}); err != nil || log.Len() > 0 {
			t.Errorf("SetOutputs on %q = %v, printed %q; want nothing", name, err, log.String())
		}
		if shown, err := host.Summarize(t.Context(), ci.Success, "text"); shown || err != nil {
			t.Errorf("Summarize on %q = %t, %v; want false, nil", name, shown, err)
		}
	}
}

func TestCircleCIsFileIsMadeAndAppendedTo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bash_env")
	host := ci.Host{Name: "circleci", Getenv: func(name string) string { return map[string]string{"BASH_ENV": path}[name] }}
	for _, before := range []string{"", "export MINE=1"} { // without an end of line
		if before != "" {
			if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := host.SetOutputs(t.Context(), []ci.Output{{Name: "outcome", Value: "triggered"}}); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if want := before + "\nexport AFTERDEPLOY_OUT_OUTCOME='triggered'\n"; err != nil || string(got) != want {
			t.Errorf("BASH_ENV holds %q, %v; want %q", got, err, want)
		}
	}
	host.Getenv = func(string) string { return "" }
	if err := host.SetOutputs(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "BASH_ENV") {
		t.Errorf("without BASH_ENV: %v, want an error that names it", err)
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	tests := map[[2]string]ci.Format{
		{"", "afterdeploy.env"}:  ci.FormatDotenv,
		{"", ".env"}:             ci.FormatDotenv,
		{"", "out/RESULT.JSON"}:  ci.FormatJSON,
		{"", "out.sh"}:           ci.FormatShell,
		{"json", "result.env"}:   ci.FormatJSON,
		{"shell", "result"}:      ci.FormatShell,
		{"", "result"}:           "",
		{"", "json"}:             "",
		{"yaml", "result.json"}:  "",
		{".json", "result.json"}: "",
	}
	for given, want := range tests {
		got, err := ci.ParseFormat(given[0], given[1])
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseFormat(%q, %q) = %q, %v; want %q", given[0], given[1], got, err, want)
		}
	}
}

func TestWriteReplacesTheFile(t *testing.T) {
	t.Parallel()
	outputs := []ci.Output{{Name: "outcome", Value: "triggered"}, {Name: "response", Value: "a\n\"b\""}, {Name: "status", Value: ""}}
	want := map[ci.Format]string{
		ci.FormatDotenv: "AFTERDEPLOY_OUT_OUTCOME=triggered\nAFTERDEPLOY_OUT_RESPONSE=a \"b\"\n",
		ci.FormatShell:  "export AFTERDEPLOY_OUT_OUTCOME='triggered'\nexport AFTERDEPLOY_OUT_RESPONSE='a\n\"b\"'\nexport AFTERDEPLOY_OUT_STATUS=''\n",
	}
	path := filepath.Join(t.TempDir(), "result")
	for _, format := range []ci.Format{ci.FormatJSON, ci.FormatDotenv, ci.FormatShell} {
		if _, err := ci.Write(path, format, outputs); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if format != ci.FormatJSON {
			if diff := cmp.Diff(want[format], string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", format, diff)
			}
			continue
		}
		var values map[string]string
		if err := json.Unmarshal(got, &values); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"outcome": "triggered", "response": "a\n\"b\"", "status": ""}, values); diff != "" {
			t.Errorf("json (-want +got):\n%s", diff)
		}
	}
	if _, err := ci.Write(filepath.Join(path, "below"), ci.FormatJSON, outputs); err == nil {
		t.Error("Write below a file succeeds, want an error")
	}
}

func TestAHelperThatHangsIsLeft(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"envman", "buildkite-agent"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\nexec sleep 60\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	for _, name := range []string{"bitrise", "buildkite"} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := (ci.Host{Name: name}).SetOutputs(ctx, []ci.Output{{Name: "outcome", Value: "triggered"}})
		if err == nil || !strings.Contains(err.Error(), "took too long") || time.Since(start) > 10*time.Second {
			t.Errorf("SetOutputs on %s = %v after %v, want it to have taken too long", name, err, time.Since(start))
		}
	}
}
